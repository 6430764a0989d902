from keras_saliency.cli import main

main("analyze_units")
