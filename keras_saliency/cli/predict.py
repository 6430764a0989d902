"""Predict the saliency_maps of pictures."""
from keras_saliency.cli import command_line, options
from keras_saliency.lazy import import_tensorflow
from keras_saliency.prediction.exported import is_exported, load_exported
from keras_saliency.prediction.pictures import require_pictures


def main() -> int:
    arguments = _read_arguments()
    if not arguments.server and not is_exported(arguments.weights):
        options.require_weights(arguments.weights)
    if not arguments.cluster:  # whose archives may lie elsewhere
        require_pictures(arguments.pictures)
    predict = _predictor(arguments)
    from keras_saliency.cluster.archive import is_archive, predict_archive
    from keras_saliency.prediction import prediction_files

    predict_all = (predict_archive if is_archive(arguments.pictures, arguments.out)
                   else prediction_files.predict_all)
    with options.workers(arguments, f"{arguments.out}/.shards") as client:
        return bool(predict_all(predict, arguments.pictures, arguments.out, arguments.raw,
                                arguments.limit, client, arguments.background))


def _read_arguments():
    parser = command_line.plain_parser(
        "Predict where people look: for each picture a density PNG and a colored "
        "overlay, in the picture's own size.",
        "keras-saliency predict photo.jpg\n"
        "  keras-saliency predict pictures --weights runs/quickstart --out predictions\n"
        "  keras-saliency predict pictures --engine auto --precision auto\n"
        "  keras-saliency predict page.png --screens 900\n"
        "  keras-saliency predict photo.jpg --weights models/msi_net_openvino")
    add = parser.add_argument
    add("pictures", nargs="+", metavar="IMAGE_OR_FOLDER",
        help="with --cluster also an address such as s3://bucket/folder, or a .txt file of them")
    add("--weights", default="msi_net",
        help="a weights file, a run folder, the name of a pretrained model (default: %(default)s, "
             "trained on OSIE and MIT1003), a classical model: bms, center_bias, gbvs, itti, or a "
             "file that export wrote with --onnx, --openvino or --tflite, which starts fastest")
    add("--server", metavar="HOST:PORT",
        help="ask a model server instead, such as TensorFlow Serving: gRPC, or REST with "
             "http://HOST:PORT")
    add("--model", default="msi_net", help="name of the model on the server (default: %(default)s)")
    add("--out", default="predictions", metavar="FOLDER",
        help="another folder than that of the pictures; earlier predictions of the same pictures "
             "in it are replaced, no other file is ever overwritten (default: %(default)s)")
    add("--raw", action="store_true", help="also write the float32 map as .npy")
    options.add_screens(parser)
    options.add_limit(parser)
    options.add_background(parser)
    options.add_trust(parser)
    options.add_engine(parser)
    options.add_cluster(parser)
    arguments = parser.parse_args()
    if arguments.server and (arguments.engine or arguments.precision or arguments.calibration
                             or arguments.cluster):
        parser.error("a --server has its own engine; leave out --engine, --precision, "
                     "--calibration and --cluster")
    if not arguments.server and is_exported(arguments.weights) and (
            arguments.engine or arguments.calibration):
        parser.error(f"{arguments.weights} is for one engine; leave out --engine and "
                     "--calibration")
    return arguments


def _predictor(arguments):
    """Return the function (image [H, W, 3]) -> map [H, W] that the arguments describe."""
    if arguments.server:
        from keras_saliency.serving import connect

        return options.served_function(arguments, connect(arguments.server, arguments.model))
    if is_exported(arguments.weights):  # without TensorFlow
        from keras_saliency.prediction.prediction_files import at_once

        model = load_exported(arguments.weights, arguments.precision,
                              at_once=at_once(arguments.pictures))
        print(model)
    else:
        import_tensorflow()
        from keras_saliency.models import origin
        from keras_saliency.prediction.predictor import predictor

        model = predictor(arguments.weights, arguments.trust)
        print(origin(model.facts))
        model = options.accelerated(arguments, model)
        if arguments.engine or arguments.precision:
            print(model)
    return options.predict_function(arguments, model)
