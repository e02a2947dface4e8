"""When a checkpoint may be taken up again."""

from nevus.contracts import Corpus, Options


def checkpoint_key(method: str, corpus: Corpus, *options: Options) -> str:
    """Fingerprint of all that a training depends on: data, parameters and code.

    Args:
        method: Name of the method.
        corpus: What it trains on; images left out of its manifest, or labelled otherwise, change the key.
        options: Its parameters.
    """
    import torch

    from nevus import augment, networks, objectives, training
    from nevus.corpus import views
    from nevus.corpus.fingerprint import code_fingerprint, fingerprint
    from nevus.pipelines import ssgan, supervised

    return fingerprint(
        method,
        corpus.fingerprint,
        corpus.manifest[["image_id", "split", "label"]].to_json(orient="values"),
        [o.model_dump(mode="json") for o in options],
        code_fingerprint(augment, networks, objectives, training, views, ssgan, supervised),
        torch.__version__,
    )
