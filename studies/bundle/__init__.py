"""Bundle: a trained model with its way in and out, which predicts on new rows without the study."""
