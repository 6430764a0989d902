"""Clients of TensorFlow Serving for an exported model, over gRPC and REST.

They need the extra `serving`: python -m pip install ".[serving]" in a clone.

Clients do not trust the server. An answer that is late, endless, cut off or wrong becomes a
`ServingError` or `ServerUnavailable` of one line.
"""
from typing import Any

from keras_saliency.serving.client import Client, ServerUnavailable, ServingError
from keras_saliency.serving.grpc import GrpcClient
from keras_saliency.serving.rest import RestClient

__all__ = ["GrpcClient", "RestClient", "ServerUnavailable", "ServingError", "connect"]


def connect(address: str, model: str = "msi_net", **options: Any) -> Client:
    """Return a client for an address: REST for a URL, gRPC for "host:port"."""
    return (RestClient if "//" in str(address) else GrpcClient)(address, model, **options)
