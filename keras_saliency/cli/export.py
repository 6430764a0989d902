"""Export a model for other programs: SavedModel, LiteRT, ONNX, OpenVINO, a web page, a package."""
from keras_saliency.cli import checks, export_options, options
from keras_saliency.lazy import import_tensorflow


def main() -> None:
    given = export_options.read()
    checks.require_weights(given.weights)
    checks.require_files(given.osie, given.runtime)
    pictures = options.calibration(given)
    import_tensorflow()
    from keras_saliency.export.onnx_model import export_onnx, export_triton
    from keras_saliency.export.openvino_model import export_openvino
    from keras_saliency.export.package import export_package
    from keras_saliency.export.web_page import export_web, osie_validation
    from keras_saliency.models import load_pretrained
    from keras_saliency.serving.export import export_all

    stimuli = osie_validation(given.osie) if given.osie else None
    model = load_pretrained(given.weights, given.trust)
    if given.out:
        export_all(model, given.out, given.version, given.float16,
                   export_options.wants_tflite(given), given.quantize, given.limit,
                   given.dynamic_canvas)
    if given.onnx:
        export_onnx(model, given.onnx, given.dynamic_batch, given.dynamic_canvas)
    if given.triton:
        export_triton(model, given.triton)
    if given.openvino:
        weights = "int8" if given.int8 else "float16" if given.float16 else "float32"
        export_openvino(model, given.openvino, given.dynamic_batch, weights, given.dynamic_canvas,
                        pictures)
    if given.web:
        export_web(model, given.web, "float16" if given.float16 else "dynamic", given.runtime,
                   stimuli)
    if given.package:
        export_package(model, given.package, given.limit)
