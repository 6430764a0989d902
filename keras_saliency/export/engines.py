"""The engines by name. What they need is imported by their `load`: to know them takes nothing."""
from keras_saliency.export import (
    litert_engine,
    onnxruntime_engine,
    openvino_engine,
    tensorflow_engine,
)

ENGINES = {  # the fastest first
    "openvino": openvino_engine.SPEC,
    "onnxruntime": onnxruntime_engine.SPEC,
    "tensorflow": tensorflow_engine.SPEC,
    "litert": litert_engine.SPEC,
}
