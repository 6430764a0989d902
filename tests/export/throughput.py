"""Requests per second through the loopback server against a loop over the SavedModel itself.

    python tests/export/throughput.py

Eight threads, gRPC and REST, encoded pictures of mixed sizes, MSI-Net at 240x320 with random
weights. On one machine, in one run, the best of three rounds each.
"""
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf
from model_server import Server

import keras_saliency as ks
from keras_saliency import serving

THREADS, REQUESTS = 8, 64
SIZES = [(600, 800), (480, 640), (800, 600), (300, 400)]


def main():
    rng = np.random.default_rng(0)
    contents = [cv2.imencode(".jpg", cv2.resize(rng.integers(0, 256, (9, 12, 3), np.uint8),
                                                size[::-1]))[1].tobytes() for size in SIZES]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder) / "msi_net"
        exported = ks.export.save(ks.build_model("msi_net"), folder)
        function = tf.saved_model.load(str(exported)).signatures["serve_bytes"]
        server = Server(folder)
        alone = served = np.inf
        for _ in range(3):
            start = time.perf_counter()
            for number in range(REQUESTS):
                function(image_bytes=tf.constant([contents[number % len(SIZES)]]))
            alone = min(alone, time.perf_counter() - start)
            served = min(served, _through(server, contents))
        server.close()
    print(f"SavedModel in a loop {REQUESTS / alone:.2f} requests/s; {THREADS} threads through the "
          f"server {REQUESTS / served:.2f} requests/s, {alone / served:.2f} of it")


def _through(server, contents) -> float:
    def work(number):
        client = (serving.GrpcClient(server.grpc_address) if number % 2 else
                  serving.RestClient(server.rest_address))
        for request in range(number, REQUESTS, THREADS):
            client.predict_bytes([contents[request % len(SIZES)]])
        client.close()

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
