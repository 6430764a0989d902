"""The commands as `python -m keras_saliency COMMAND`."""
from keras_saliency.cli import main

if __name__ == "__main__":
    main()
