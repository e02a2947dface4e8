"""Images of a finished generator, as files that any training reads."""

from kedro.pipeline import Node, Pipeline

from nevus.pipelines.generation.nodes import draw_ways, generate_images, read_generator
from nevus.pipelines.instances import instance

NAME = "generate"


def create_pipeline() -> Pipeline:
    """A finished run of `synthesis` to a folder of images with their table, and a figure of ways between them."""
    params = f"params:{NAME}"
    how = {"generator": "generator", "params": params, "seed": "params:seed"}
    finished = {"finished": "finished_generators", "params": params}
    nodes = [
        Node(read_generator, finished, "generator", name="read_generator"),
        Node(generate_images, how, "images", name="generate_images"),
        Node(draw_ways, how, "ways", name="draw_ways"),
    ]
    return instance(Pipeline(nodes), NAME, keep={"finished_generators"}, tags=NAME)
