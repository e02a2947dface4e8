"""Look at the augmentation: a sheet a policy, and how far each operation moves the colours."""
