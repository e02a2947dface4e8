"""HTML pages of the pipelines: one file each, which can be mailed."""

from typing import Any


def render(package: str, template: str, **values: Any) -> str:
    """Fill a template that lies beside a pipeline's modules.

    Args:
        package: Of the pipeline, such as `nevus.pipelines.audit`.
        template: Name of the file.
        values: All that the template names; what it names and is not given is an error. Text from the data is escaped.

    Returns:
        HTML.
    """
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = files(package).joinpath(template).read_text(encoding="utf-8")
    return environment.from_string(text).render(**values)
