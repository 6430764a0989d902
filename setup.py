"""Installation: the software stack is chosen by the Python version.

Python 3.9 to 3.11 gets the reference stack (TensorFlow 2.15, Keras 2.15,
tensorflow-addons 0.23, the last release, which needs TensorFlow below 2.16).
Python 3.12 and later gets TensorFlow 2.16 to 2.21 with Keras 3, no addons.
"""
import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
FILES = {"weights": ("*.h5", "manifest.yaml", "README.md"), "configs": ("*.yaml",)}
VERSION = re.search(
    r'__version__ = "(.+?)"', (HERE / "keras_saliency" / "__init__.py").read_text()
).group(1)


class BuildWithFiles(build_py):
    """Put `weights/` and `configs/` into the package that is built; a clone has them beside it."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        for folder, kinds in FILES.items():
            files = [file for kind in kinds for file in sorted((HERE / folder).glob(kind))]
            if not files:
                raise FileNotFoundError(f"{HERE / folder} holds no {kinds[0]}: the package would "
                                        "be built without them")
            target = Path(self.build_lib, "keras_saliency", folder)
            target.mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copy2(file, target)


setup(
    cmdclass={"build_py": BuildWithFiles},
    name="keras_saliency",
    version=VERSION,
    description="Visual saliency networks in TensorFlow/Keras: train, evaluate, explain, serve.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    packages=find_packages(include=["keras_saliency", "keras_saliency.*"]),
    # Makes an editable install a folder on the path. Without it setuptools writes an import finder,
    # and an interpreter that starts beside a clone imports the clone's folder as an empty package.
    package_dir={"": "."},
    package_data={"keras_saliency": ["py.typed"], "keras_saliency.report": ["*.css", "*.js"],
                  "keras_saliency.export": ["card.md", "web/*"],
                  "keras_saliency.models.importing": ["*.yaml"],
                  "keras_saliency.serving": ["templates/*"]},
    entry_points={"console_scripts": ["keras-saliency = keras_saliency.cli:main"]},
    python_requires=">=3.9,<3.14",
    install_requires=[
        'tensorflow>=2.15,<2.16; python_version < "3.12"',
        'tensorflow-addons>=0.23,<0.24; python_version < "3.12"',
        'tensorflow>=2.16,<2.22; python_version >= "3.12"',
        'keras>=3.4,<3.16; python_version >= "3.12"',
        # OpenCV 4.12 and later need NumPy 2, which TensorFlow 2.15 does not have.
        'numpy>=1.23,<2; python_version < "3.12"',
        'numpy>=1.26,<3; python_version >= "3.12"',
        'opencv-python-headless>=4.7,<4.12; python_version < "3.12"',
        'opencv-python-headless>=4.9,<6; python_version >= "3.12"',
        "protobuf>=4.22,<8",  # TensorFlow brings it; message_factory.GetMessageClass is of 4.22
        "scipy>=1.9,<2",
        "POT>=0.9.4,<0.9.7",  # solves the EMD; 0.9.7 comes with 170 MB that are not for that
        "h5py>=3.8,<4",
        "matplotlib>=3.6,<4",
        "Pillow>=9.2,<14",
        "PyYAML>=6,<7",
        "tensorboard>=2.15,<3",  # TensorFlow 2.21 no longer brings it
        "tqdm>=4.64,<5",
        "filelock>=3.12,<4",  # one process writes to the folder of a run
    ],
    extras_require={
        "test": ["pytest>=7.4,<10", "pytest-xdist>=3.3,<4", "hypothesis>=6.80,<7",
                 "mypy>=1.8,<3", "setuptools>=64", "wheel>=0.40,<1",
                 # what model hubs scan uploads with
                 'modelscan>=0.8,<0.9; python_version >= "3.10" and python_version < "3.13"',
                 "keras_saliency[serving]"],
        # engines for `accelerate`
        "fast": ["openvino>=2024.4,<2027", "nncf>=2.14,<4"],  # NNCF for int8
        "onnx": [
            # later releases of onnx need a protobuf or ml_dtypes that TensorFlow 2.15 does not take
            'onnx>=1.15,<1.19; python_version < "3.12"',
            'onnx>=1.17,<2; python_version >= "3.12"',
            "tf2onnx>=1.17,<2",
            "onnxruntime>=1.16,<2",
        ],
        "litert": ["ai-edge-litert>=1.4,<3"],
        # drives a Chromium that is installed otherwise, for tests and measurements of the web page
        "browser": ["playwright>=1.40,<2"],
        "parquet": ["pyarrow>=12,<26"],
        # workers of --cluster, and pictures by address; s3fs, gcsfs ... come with what they open
        "cluster": ["distributed>=2023.12,<2027", "fsspec>=2023.6,<2027",
                    "keras_saliency[parquet]"],
        # pysaliency imports torch and pkg_resources without requiring them
        "pysaliency": ["pysaliency>=0.2.22,<0.3", "torch>=2,<3", "setuptools<81"],
        "serving": [
            'tensorflow-serving-api>=2.15,<2.16; python_version < "3.12"',
            'tensorflow-serving-api>=2.16,<2.22; python_version >= "3.12"',
            "grpcio>=1.56,<2",
            "requests>=2.28,<3",
        ],
    },
    classifiers=[
        "License :: OSI Approved :: MIT License",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Image Recognition",
    ],
)
