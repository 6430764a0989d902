from keras_saliency.cli import main

main("import_weights")
