"""Clients of TensorFlow Serving for an exported model, over gRPC and over REST.

They need the extra `serving`: python -m pip install -e ".[serving]".

A server is not trusted: its answer may be late, endless, cut off or wrong in any part, and is
then a `ServingError` or `ServerUnavailable` of one line.
"""
from keras_saliency.serving.answers import ServingError
from keras_saliency.serving.client import ServerUnavailable
from keras_saliency.serving.grpc import GrpcClient
from keras_saliency.serving.rest import RestClient

__all__ = ["GrpcClient", "RestClient", "ServerUnavailable", "ServingError", "connect"]


def connect(address, model="msi_net", **options):
    """The client for an address: REST for a URL, gRPC for "host:port"."""
    return (RestClient if "//" in str(address) else GrpcClient)(address, model, **options)
