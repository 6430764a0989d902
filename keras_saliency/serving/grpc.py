"""Client of a model server over gRPC."""
import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError

from keras_saliency.files import MissingPackage, list_some
from keras_saliency.serving.answers import ServingError, require_count, shape, shown
from keras_saliency.serving.client import ANSWER_LIMIT, REMEDY, Client, ServerUnavailable, checked

PREDICT = "/tensorflow.serving.PredictionService/Predict"
UNAVAILABLE = ("DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "UNAVAILABLE")


class GrpcClient(Client):
    """Saliency maps from a model server's PredictionService.

    Args:
        address: "host:port", 8500 where TensorFlow Serving is left alone.
        model: name it is served under. version: None for the newest.
        timeout: seconds within which a request is answered, all its attempts together. A list
            longer than `batch` takes several requests. retries: further attempts while the server
            is unavailable, after `pause`, 2 `pause`, 4 `pause` ... seconds. batch: pictures per
            request.

    Raises:
        InputError: settings out of their range. MissingPackage: the extra is not installed.
    """

    def _open(self):
        self._grpc, self._messages = _grpc_modules()
        self._channel = self._grpc.insecure_channel(self.address, options=[
            ("grpc.max_receive_message_length", ANSWER_LIMIT),
            ("grpc.max_send_message_length", -1)])
        # The answer comes as bytes: grpc logs a traceback when it cannot read them.
        self._send = self._channel.unary_unary(
            PREDICT, request_serializer=self._messages.PredictRequest.SerializeToString)

    def predict(self, image) -> np.ndarray:
        """float32 [H, W] in 0..1 of an image uint8 [H, W, 3] RGB, computed in its own size.

        Raises:
            InputError: another image. ServingError, ServerUnavailable: as `predict_bytes`.
        """
        image = checked(image)
        outputs = self._outputs("serving_default", {"images": image[np.newaxis]})
        saliency = self._output(outputs, "saliency", tf.float32)
        found, expected = shape(saliency), [1, *image.shape[:2], 1]
        if found != expected:  # compared before memory is taken
            raise ServingError(f"{self.address}: saliency of shape {shown(found)} instead of "
                               f"{expected}")
        try:
            saliency_map = tf.make_ndarray(saliency)[0, ..., 0]
        except (TypeError, ValueError) as error:
            raise ServingError(f"{self.address}: saliency is damaged: {shown(error)}") from None
        if not ((saliency_map > -1e-3) & (saliency_map < 1 + 1e-3)).all():  # NaN is neither
            raise ServingError(f"{self.address}: saliency is not in 0..1")
        return saliency_map

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()

    def _pngs(self, part) -> list:
        outputs = self._outputs("serve_bytes", {"image_bytes": np.array(part, object)})
        pngs = self._output(outputs, "saliency_png_bytes", tf.string)
        require_count(self.address, len(pngs.string_val), len(part))
        return list(pngs.string_val)

    def _outputs(self, signature, inputs):
        """{name: TensorProto} of the answer."""
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
                if "larger than max" in details:  # RESOURCE_EXHAUSTED, but it stays so
                    raise ServingError(f"{text}; choose a smaller batch") from None
                if code in UNAVAILABLE:
                    raise ServerUnavailable(text) from None
                raise ServingError(text) from None

        try:
            return self._messages.PredictResponse.FromString(self._retried(attempt)).outputs
        except DecodeError:
            raise ServingError(f"{self.address}: the answer is no PredictResponse") from None

    def _output(self, outputs, key, dtype):
        """The TensorProto of that name and dtype."""
        if key not in outputs:
            raise ServingError(f"{self.address}: no {key} in the answer, which has "
                               f"{shown(list_some(outputs)) or 'nothing'}")
        if outputs[key].dtype != dtype.as_datatype_enum:
            raise ServingError(f"{self.address}: {key} in the answer is not {dtype.name}")
        return outputs[key]


def _grpc_modules() -> tuple:
    try:
        import grpc
        from tensorflow_serving.apis import predict_pb2
    except ImportError as error:
        raise MissingPackage(f"{error}; {REMEDY}") from None
    return grpc, predict_pb2
