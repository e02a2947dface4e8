"""The semi-supervised GAN: parameters and nodes; `nevus.pipelines.method` puts them together."""
