import torch
from torch import nn

from nevus.training.averaging import averaged, weights_of


def trained(decay=0.9, steps=20):
    """A network with batch normalisation, moved at random, and every parameter it has had."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    average = averaged(model, decay)
    course = []
    for _ in range(steps):
        model(torch.randn(8, 3) + 2.0)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter))
        average.update_parameters(model)
        course.append({name: parameter.detach().clone() for name, parameter in model.named_parameters()})
    return model, average, course


def test_parameters_are_the_running_mean_with_a_decay_that_grows():
    _, average, course = trained(decay=0.5)
    expected = course[0]
    for step, values in enumerate(course[1:], start=1):
        decay = min(0.5, (1 + step) / (10 + step))
        expected = {name: decay * expected[name] + (1 - decay) * value for name, value in values.items()}
    found = weights_of(average)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_the_statistics_and_counters_of_batch_normalisation_are_the_models_own():
    model, average, _ = trained()
    found = weights_of(average)
    for name, value in model.named_buffers():
        assert torch.equal(found[name], value), name
    assert found["1.num_batches_tracked"] == 20
    assert found["1.num_batches_tracked"].dtype == torch.int64
    assert not torch.equal(found["1.weight"], model[1].weight)


def test_the_average_changes_nothing_in_the_model_and_is_saved_under_its_names():
    model, average, course = trained()
    assert all(torch.equal(p, course[-1][name]) for name, p in model.named_parameters())
    nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)).load_state_dict(weights_of(average))
