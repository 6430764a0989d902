"""Predict saliency_maps of pictures."""
import functools

import keras_saliency as ks
from keras_saliency.cli import command_line
from keras_saliency.cluster.archive import is_archive, predict_archive
from keras_saliency.prediction import pictures, prediction_files
from keras_saliency.prediction.exported import is_exported


def main():
    parser = command_line.plain_parser(
        "Predict where people look: for each picture a density PNG and a colored "
        "overlay, in the picture's own size.",
        "python scripts/predict.py photo.jpg\n"
        "  python scripts/predict.py pictures --weights runs/quickstart --out predictions\n"
        "  python scripts/predict.py pictures --engine auto --precision auto\n"
        "  python scripts/predict.py photo.jpg --weights models/msi_net_openvino")
    parser.add_argument("pictures", nargs="+", metavar="IMAGE_OR_FOLDER", help="or, with "
                        "--cluster, an address such as s3://bucket/folder or a .txt of them")
    parser.add_argument("--weights", default="msi_net",
                        help="a weights file, a run folder, a pretrained model's name "
                             "(default: %(default)s, of OSIE and MIT1003), a classical model: "
                             "bms, center_bias, gbvs, itti, or what export.py wrote with --onnx, "
                             "--openvino or --tflite, which starts fastest")
    parser.add_argument("--server", metavar="HOST:PORT",
                        help="ask a model server instead, such as TensorFlow Serving: gRPC, or "
                             "REST with http://HOST:PORT")
    parser.add_argument("--model", default="msi_net",
                        help="name it is served under (default: %(default)s)")
    parser.add_argument("--out", default="predictions", metavar="FOLDER",
                        help="another folder than that of the pictures; earlier predictions of "
                             "the same pictures in it are replaced, no other file is ever "
                             "overwritten (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=pictures.LIMIT, metavar="PIXELS",
                        help="largest picture that is read, checked before memory is taken for it "
                             "(default: %(default)s; a server has its own)")
    parser.add_argument("--raw", action="store_true",
                        help="also write the float32 map as .npy")
    command_line.add_engine_options(parser)
    command_line.add_cluster_options(parser)
    arguments = parser.parse_args()
    if not 1 <= arguments.limit <= pictures.MOST_PIXELS:
        parser.error(f"--limit must be from 1 to {pictures.MOST_PIXELS}")
    if arguments.server and (arguments.engine or arguments.precision or arguments.calibration
                             or arguments.cluster):
        parser.error("a --server has its own engine; leave out --engine, --precision, "
                     "--calibration and --cluster")
    exported = not arguments.server and is_exported(arguments.weights)
    if exported and (arguments.engine or arguments.calibration):
        parser.error(f"{arguments.weights} is for one engine; leave out --engine and "
                     "--calibration")
    if arguments.server:
        predict = ks.export.serving.connect(arguments.server, arguments.model).predict
    elif exported:  # without TensorFlow
        model = ks.load_exported(arguments.weights, arguments.precision,
                                 at_once=prediction_files.at_once(arguments.pictures))
        print(model)
        predict = functools.partial(ks.predict, model)
    else:
        model = ks.models.load_predictor(arguments.weights)
        print(ks.models.origin(model))
        accelerate = command_line.accelerator(arguments)
        if accelerate:
            model = accelerate(model)
            print(model)
        predict = functools.partial(ks.predict, model)
    predict_all = (predict_archive if is_archive(arguments.pictures, arguments.out)
                   else prediction_files.predict_all)
    with command_line.workers(arguments, f"{arguments.out}/.shards") as client:
        return bool(predict_all(predict, arguments.pictures, arguments.out, arguments.raw,
                                arguments.limit, client))
