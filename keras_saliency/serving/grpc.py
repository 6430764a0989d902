"""A client of a model server over gRPC."""
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from keras_saliency.files import import_optional, list_some, require
from keras_saliency.serving.client import Client, ServerUnavailable, ServingError, checked, shown

PREDICT = "/tensorflow.serving.PredictionService/Predict"
UNAVAILABLE = ("DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE")


class GrpcClient(Client):
    """Saliency maps from a model server's PredictionService.

    Args:
        address: "host:port"; the port is 8500 by default in TensorFlow Serving.
        model: name of the served model. version: None for the newest.
        timeout: seconds for the answer to a request, over all its attempts.
        retries: attempts while the server is unavailable, after `pause`, 2 `pause` ... seconds.
        batch: pictures per request; longer lists take several requests.

    Raises:
        InputError: a setting out of its range. MissingPackage: the extra is not installed.
    """

    def _open(self):
        self._grpc = import_optional("grpc", "serving")
        self._messages = import_optional("tensorflow_serving.apis.predict_pb2", "serving")
        self._connection = self._grpc.insecure_channel(self.address, options=[
            ("grpc.max_receive_message_length", self.ANSWER_LIMIT),
            ("grpc.max_send_message_length", -1)])
        # Answers stay bytes here: grpc would log a traceback for a malformed one.
        self._send = self._connection.unary_unary(
            PREDICT, request_serializer=self._messages.PredictRequest.SerializeToString)

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Return the map, float32 [H, W] in 0..1, of an image uint8 [H, W, 3] RGB.

        Raises:
            InputError: another image. ServingError, ServerUnavailable: as `predict_bytes`.
        """
        image = checked(image)
        outputs = self._outputs("serving_default", {"images": image[np.newaxis]})
        saliency = self._output(outputs, "saliency", tf.float32)
        found, expected = [dim.size for dim in saliency.tensor_shape.dim], [1, *image.shape[:2], 1]
        if found != expected:  # before memory is taken
            raise ServingError(f"{self.address}: saliency of shape {shown(found)} instead of "
                               f"{expected}")
        try:
            saliency_map = tf.make_ndarray(saliency)[0, ..., 0]
        except (TypeError, ValueError) as error:
            raise ServingError(f"{self.address}: saliency is damaged: {shown(error)}") from None
        if not ((saliency_map > -1e-3) & (saliency_map < 1 + 1e-3)).all():  # fails for NaN too
            raise ServingError(f"{self.address}: saliency is not in 0..1")
        return saliency_map

    def _pngs(self, part) -> list:
        outputs = self._outputs("serve_bytes", {"image_bytes": np.array(part, object)})
        return list(self._output(outputs, "saliency_png_bytes", tf.string).string_val)

    def _outputs(self, signature, inputs):
        request = self._messages.PredictRequest()
        request.model_spec.name, request.model_spec.signature_name = self.model, signature
        if self.version is not None:
            request.model_spec.version.value = int(self.version)
        for key, value in inputs.items():
            request.inputs[key].CopyFrom(tf.make_tensor_proto(value))

        def attempt(left):
            try:
                return self._send(request, timeout=left)
            except self._grpc.RpcError as error:
                code, details = error.code().name, shown(error.details())
                text = f"{self.address}: {code}: {details}"
                if "larger than max" in details:  # RESOURCE_EXHAUSTED, but retries do not help
                    raise ServingError(f"{text}; choose a smaller batch") from None
                if code in UNAVAILABLE:
                    raise ServerUnavailable(text) from None
                raise ServingError(text) from None

        try:
            return self._messages.PredictResponse.FromString(self._retried(attempt)).outputs
        except DecodeError:
            raise ServingError(f"{self.address}: the answer is no PredictResponse") from None

    def _output(self, outputs, key, dtype):
        require(key in outputs, f"{self.address}: no {key} in the answer, which has "
                f"{shown(list_some(outputs)) or 'nothing'}", ServingError)
        if outputs[key].dtype != dtype.as_datatype_enum:
            raise ServingError(f"{self.address}: {key} in the answer is not {dtype.name}")
        return outputs[key]
