"""The method `linear_probe`; `nevus.pipelines.method` puts it together."""
