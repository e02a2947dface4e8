"""All tracked runs of an experiment side by side: a leaderboard, and what was left out of it."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.leaderboard import nodes

NAME, BOARD = "reporting", "leaderboard"
STORE, RUNS, PAIRS, LEFT_OUT = "tracked_runs", f"{BOARD}_runs", f"{BOARD}_pairs", f"{BOARD}_left_out"
OPTIONS = {"options": f"params:{NAME}"}
FIGURE, BUDGETS = f"{BOARD}_figure", f"{BOARD}_budgets"
SCORING = OPTIONS | {"scoring": "params:evaluation"}


def create_pipeline() -> Pipeline:
    """Tracked runs to tables, figures and one page."""
    collected, compared = {"store": STORE, **OPTIONS}, {"store": STORE, "runs": RUNS, **SCORING}
    drawn, told = {"runs": RUNS, "leaderboard": BOARD}, {"leaderboard": BOARD, "pairs": PAIRS}
    page = {"left_out": LEFT_OUT, "figure": FIGURE, "budgets": BUDGETS, **drawn, **told, **SCORING}
    return Pipeline(
        [
            Node(nodes.collect_runs, collected, [RUNS, LEFT_OUT], name=f"{NAME}.collect_runs"),
            Node(nodes.compare_methods, compared, [BOARD, PAIRS], name=f"{NAME}.compare_methods"),
            Node(nodes.summarise, told | OPTIONS, f"{BOARD}_summary", name=f"{NAME}.summarise"),
            Node(nodes.draw_leaderboard, drawn | SCORING, FIGURE, name=f"{NAME}.draw_leaderboard"),
            Node(nodes.draw_budgets, drawn | OPTIONS, BUDGETS, name=f"{NAME}.draw_budgets"),
            Node(nodes.write_page, page, f"{BOARD}_page", name=f"{NAME}.write_page"),
        ],
        tags=BOARD,
    )
