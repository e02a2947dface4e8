import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Networks this small lose more to waiting for each other's threads than they gain."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
