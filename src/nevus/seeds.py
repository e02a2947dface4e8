"""Seeds made of a user's seed and what the random numbers are for."""

import hashlib
import json


def derived(seed: int, *purpose: str | int, bits: int = 63) -> int:
    """A seed that shares nothing with those of other purposes or of neighbouring seeds.

    Sums such as `seed + fold` do share: fold 1 of seed 0 is then fold 0 of seed 1. A hash does not. PyTorch's generator
    on a CPU looks at the lowest 32 bits only, scikit-learn takes no more than 32.

    Args:
        seed: The user's.
        purpose: Words and numbers that say what the numbers are for, such as "fold", 3.
        bits: Size of the result, 64 at most.

    Returns:
        A number below 2**bits, the same on every machine: the first bits of a BLAKE2b hash.
    """
    text = json.dumps([str(seed), *map(str, purpose)])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") & ((1 << bits) - 1)
