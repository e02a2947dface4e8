"""All tracked runs of an experiment side by side: a leaderboard, and what was left out of it."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.leaderboard import nodes

NAME, BOARD = "reporting", "leaderboard"
STORE, RUNS, PAIRS, LEFT_OUT = "tracked_runs", f"{BOARD}_runs", f"{BOARD}_pairs", f"{BOARD}_left_out"
OPTIONS = {"options": f"params:{NAME}"}
SCORING = OPTIONS | {"scoring": "params:evaluation"}


def create_pipeline() -> Pipeline:
    """Tracked runs to tables."""
    told = {"leaderboard": BOARD, "pairs": PAIRS, **OPTIONS}
    return Pipeline(
        [
            Node(nodes.collect_runs, {"store": STORE, **OPTIONS}, [RUNS, LEFT_OUT], name="reporting.collect_runs"),
            Node(
                nodes.compare_methods,
                {"store": STORE, "runs": RUNS, **SCORING},
                [BOARD, PAIRS],
                name="reporting.compare_methods",
            ),
            Node(nodes.summarise, told, f"{BOARD}_summary", name="reporting.summarise"),
        ],
        tags=BOARD,
    )
