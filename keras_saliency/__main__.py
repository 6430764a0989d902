"""`python -m keras_saliency COMMAND`."""
from keras_saliency.cli import main

main()
