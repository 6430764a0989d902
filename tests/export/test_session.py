"""A session loads the export, as TensorFlow Serving, C, Java and saved_model_cli do.

Unlike `tf.saved_model.load` it knows no Python objects: a variable has the value that the restore
operation of the graph gives it, or none.
"""
import numpy as np
import pytest
import tensorflow as tf

import keras_saliency as ks


@pytest.mark.parametrize("options", [
    {}, pytest.param({"float16": True}, marks=pytest.mark.one_stack)])
def test_session_gives_what_the_model_gives(tmp_path, options):
    model = ks.build_model("msi_net", width_multiplier=0.1)
    model = ks.facts(model, canvas=(48, 64))
    target = ks.export.save(model, tmp_path / "m", **options)
    images = np.random.default_rng(0).uniform(0, 255, (2, 48, 64, 3)).astype(np.float32)
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        signatures = tf.compat.v1.saved_model.load(session, ["serve"], str(target)).signature_def
        served = signatures["serve_canvas"]
        found = session.run(served.outputs["saliency"].name,
                            {served.inputs["images"].name: images})
        assert sorted(name for name in signatures if name.startswith("serv")) == [
            "serve_bytes", "serve_canvas", "serving_default"]
    expected = model(images, training=False).numpy()
    assert np.ptp(expected) > 0
    np.testing.assert_allclose(found, expected, atol=1e-2 if options else 1e-5)
