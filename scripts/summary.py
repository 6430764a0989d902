from keras_saliency.cli import main

main("summary")
