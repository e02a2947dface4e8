"""HTML pages of the pipelines: one file each, which can be mailed."""

from typing import Any


def render(package: str, template: str, **values: Any) -> str:
    """Fill a template that lies beside a pipeline's modules.

    Args:
        package: Of the pipeline, such as `nevus.pipelines.audit`.
        template: Name of the file. It may include those beside this module, which pages share.
        values: All that the template names; what it names and is not given is an error. Text from the data is escaped.
            Pages that extend `page.html.j2` have a `title` and a `data_format`, and perhaps `warnings`.

    Returns:
        HTML.
    """
    from importlib.resources import files

    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def text_of(name: str) -> str:
        folder = files(package if name == template else __package__)
        return folder.joinpath(name).read_text(encoding="utf-8")

    how: dict[str, Any] = {"autoescape": True, "trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=FunctionLoader(text_of), undefined=StrictUndefined, **how)
    return environment.get_template(template).render(**values)
