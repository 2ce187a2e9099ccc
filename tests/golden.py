"""Values from elsewhere: name, parameters, y, raw, what, value, source. Its digits are those the source prints."""

SKLEARN = "scikit-learn 1.9, sklearn/_loss/tests/test_loss.py, from mpmath"

# (scikit-learn's 1.4287e-101 for a score of 232.8 is not used: exp(-232.8) is 7.8749e-102, which its absolute tolerance
# does not notice.)
ROWS = [
    ("log_loss", {}, 0.0, -37.0, "loss", 8.533047625744065e-17, SKLEARN),
    ("log_loss", {}, 0.0, 37.0, "exact", 8.533047625744065e-17, SKLEARN),
    ("log_loss", {}, 0.0, -36.9, "gradient", 9.430476078526806e-17, SKLEARN),
    ("log_cosh", {}, 0.0, 1.0, "loss", 0.434, "TensorFlow 2.13, tf.keras.losses.LogCosh: half of it is 0.217"),
    ("log_cosh", {}, 0.0, 1.0, "gradient", 0.7615941559557649, "Abramowitz and Stegun, table 4.15: tanh(1)"),
    ("pseudo_huber", {"delta": 4.0}, 0.0, 3.0, "loss", 4.0, "3, 4, 5: 16*(5/4 - 1), scipy.special.pseudo_huber(4, 3)"),
    ("pseudo_huber", {}, 0.0, 0.75, "gradient", 0.6, "3, 4, 5: 0.75/1.25"),
    ("pseudo_huber", {}, 0.0, 0.75, "exact", 0.512, "3, 4, 5: 0.8**3"),
    ("softmax", {}, 2.0, [0.0, 0.0, 0.0, 0.0], "loss", 1.3862943611198906, "entropy of four equal classes: log(4)"),
    ("softmax", {}, 0.0, [1e4, 0.0, 7e-7], "loss", 0.0, SKLEARN),
]
