"""Values from elsewhere: name, parameters, y, raw, what, value, source. Its digits are those the source prints.

For losses of groups y and raw are one group, and the loss is its total.
"""

import math

INF = math.inf

SKLEARN = "scikit-learn 1.9, sklearn/_loss/tests/test_loss.py, from mpmath"

# (scikit-learn's 1.4287e-101 for a score of 232.8 is not used: exp(-232.8) is 7.8749e-102, which its absolute tolerance
# does not notice.)
LOG2 = "Abramowitz and Stegun, table 1.1: log(2)"
HINGE = "scikit-learn 1.9, documentation of hinge_loss: the mean of 0, 0 and this is 0.30"
EXPECTILE = "Newey and Powell 1987, eq. 2.2: 0.75*2**2/2"

THERNEAU = "Therneau, validation vignette of R's survival 3.5, first data set (test1): minus log(6) - 2*log(4)"
NORMAL = "OEIS A076668, sqrt(2/pi)"

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
    ("squared_error", {}, 1.0, 5.0, "loss", 8.0, SKLEARN),
    ("squared_error", {}, 1.0, 5.0, "gradient", 4.0, SKLEARN),
    ("squared_error", {}, 1.0, 5.0, "exact", 1.0, SKLEARN),
    ("absolute_error", {}, 1.0, 5.0, "loss", 4.0, SKLEARN),
    ("absolute_error", {}, 1.0, 5.0, "gradient", 1.0, SKLEARN),
    ("absolute_percentage_error", {}, 4.0, 5.0, "loss", 0.25, "|5 - 4|/4, as scikit-learn's mean_absolute_percentage_error"),
    ("absolute_percentage_error", {}, 0.5, 0.25, "gradient", -1.0, "a target below 1 counts as 1: LightGBM 4.7, mape"),
    ("huber", {"delta": 3.0}, 1.0, 5.0, "loss", 7.5, SKLEARN),
    ("huber", {"delta": 3.0}, 1.0, 3.0, "loss", 2.0, SKLEARN),
    ("fair", {}, 0.0, -1.0, "loss", 0.3068528194400547, f"{LOG2}, taken from 1"),
    ("fair", {"c": 3.0}, 0.0, 1.0, "gradient", 0.75, "3/(1 + 3)"),
    ("fair", {"c": 3.0}, 0.0, 1.0, "exact", 0.5625, "(3/(1 + 3))**2"),
    ("quantile", {"alpha": 0.25}, 1.0, 5.0, "loss", 3.0, SKLEARN),
    ("quantile", {"alpha": 0.25}, 1.0, 5.0, "gradient", 0.75, SKLEARN),
    ("quantile", {"alpha": 0.25}, 5.0, 1.0, "loss", 1.0, SKLEARN),
    ("expectile", {"alpha": 0.75}, 0.0, -2.0, "loss", 1.5, EXPECTILE),
    ("expectile", {"alpha": 0.25}, 0.0, 2.0, "loss", 1.5, f"{EXPECTILE}, with both signs turned"),
    ("squared_log_error", {}, 0.0, 1.0, "gradient", 0.34657359027997264, f"{LOG2}, halved"),
    ("squared_log_error", {}, 0.0, 1.0, "loss", 0.2402265069591007, "OEIS A253191, log(2)**2, halved"),
    ("squared_root_error", {}, 9.0, 1.0, "loss", 2.0, "(1 - 3)**2/2"),
    ("squared_root_error", {}, -4.0, 1.0, "gradient", 3.0, "1 + 2"),
    ("poisson", {}, 2.0, 1.3862943611198906, "loss", 1.2274112777602189, SKLEARN),
    ("poisson", {}, 2.0, 1.3862943611198906, "gradient", 2.0, SKLEARN),
    ("poisson", {}, 2.0, 1.3862943611198906, "exact", 4.0, SKLEARN),
    ("gamma", {}, 2.0, 1.3862943611198906, "loss", 1.8862943611198906, SKLEARN),
    ("gamma", {}, 2.0, 1.3862943611198906, "gradient", 0.5, SKLEARN),
    ("gamma", {}, 2.0, 1.3862943611198906, "exact", 0.5, SKLEARN),
    ("tweedie", {"power": 1.5}, 2.0, 1.3862943611198906, "loss", 2.0, "mean 4, whose root is 2: 2*2 - 2*2*(1 - 1/2)"),
    ("tweedie", {"power": 1.5}, 2.0, 1.3862943611198906, "gradient", 1.0, "mean 4, whose root is 2: 2 - 2/2"),
    ("tweedie", {"power": 1.5}, 2.0, 1.3862943611198906, "exact", 1.5, "mean 4, whose root is 2: 2/2 + 2/(2*2)"),
    ("hinge", {}, 1.0, 0.09, "loss", 0.91, HINGE),
    ("hinge", {}, 0.0, -2.18, "loss", 0.0, HINGE),
    ("smoothed_hinge", {}, 1.0, -1.0, "loss", 1.5, "Rennie and Srebro 2005: 1/2 - z at z = -1"),
    ("smoothed_hinge", {}, -1.0, -0.5, "loss", 0.125, "Rennie and Srebro 2005: (1 - z)**2/2 at z = 1/2"),
    ("smoothed_hinge", {"width": 0.5}, 1.0, 0.75, "gradient", -0.5, "Shalev-Shwartz and Zhang 2013: (z - 1)/gamma"),
    ("squared_hinge", {}, 1.0, 0.09, "loss", 0.8281, f"{HINGE}: squared"),
    ("squared_hinge", {}, -1.0, 0.5, "gradient", 3.0, "2*(1 + 1/2)"),
    ("exponential", {}, 1.0, -1.0, "loss", 2.718281828459045, "OEIS A001113, e"),
    ("exponential", {}, -1.0, -1.0, "exact", 0.36787944117144233, "OEIS A068985, 1/e"),
    ("label_smoothing", {"smoothing": 0.2}, 1.0, 0.0, "gradient", -0.4, "Szegedy et al. 2016: the target is 0.8 + 0.1"),
    ("label_smoothing", {}, 1.0, 0.0, "loss", 0.6931471805599453, LOG2),
    ("class_balanced", {"beta": 0.5, "negatives": 2.0, "positives": 1.0}, 1.0, 0.0, "gradient", -0.6,
     "Cui et al. 2019: 1.5 and 1 effective rows, weights 0.8 and 1.2"),
    ("focal", {"alpha": 0.5}, 1.0, 2.197224577336219, "loss", 0.0005268025782891315,
     "Lin et al. 2017, section 3.2: with gamma = 2 an example with p = 0.9 has 100 times less loss: log(10/9)/100, halved"),
    ("focal", {"gamma": 1.0, "alpha": 0.5}, 1.0, 0.0, "exact", 0.1875, "at p = q = 1/2: (1/2)*(1/4)*(3/2), no logarithm"),
    ("focal", {"gamma": 2.0, "alpha": 0.5}, 1.0, 0.0, "gradient", -0.14914339756999317, f"{LOG2}: (1/8)*(that + 1/2)"),
    ("asymmetric_focal", {"gamma_neg": 1.0, "shift": 0.25}, 0.0, 0.0, "loss", 0.07192051811294523, "Ridnik et al. 2021:"
     " p_m = 1/2 - 1/4: log(4/3)/4"),
    ("asymmetric_focal", {}, 0.0, -3.0, "loss", 0.0, "Ridnik et al. 2021, section 2.3: easy negatives are discarded, p < 0.05"),
    ("poly1", {"epsilon": 2.0}, 1.0, 0.0, "loss", 1.6931471805599454, f"{LOG2}, and 2*(1 - 1/2): Leng et al. 2022"),
    ("poly1", {"epsilon": 2.0}, 0.0, 0.0, "gradient", 1.0, "(1/2)*(1 + 2/2)"),
    ("generalized_cross_entropy", {"q": 0.5}, 1.0, -1.0986122886681098, "loss", 1.0, "p = 1/4, whose root is 1/2"),
    ("generalized_cross_entropy", {"q": 1.0}, 1.0, 0.0, "gradient", -0.25, "mean absolute error of p: p*(1 - p)"),
    ("brier", {}, 1.0, -1.0986122886681098, "loss", 0.5625, "p = 1/4: (3/4)**2"),
    ("brier", {}, 0.0, 0.0, "exact", 0.125, "2*(1/4)*(1/4)"),
    ("spherical", {}, 1.0, 0.0, "loss", 0.2928932188134524, "OEIS A268682, 1 - 1/sqrt(2)"),
    ("spherical", {}, 0.0, 0.2876820724517809, "loss", 0.4, "p = 4/7: 3, 4, 5"),
    ("one_vs_all", {}, 1.0, [0.0, 0.0, 0.0], "loss", 2.0794415416798357, f"{LOG2}, three times"),
    ("one_vs_all", {"sigmoid": 2.0}, 1.0, [0.0, 0.0, 0.0], "gradient 1", -1.0, "2*(1/2 - 1)"),
    ("multi_quantile", {"alpha": (0.25, 0.5)}, 1.0, [5.0, 5.0], "loss", 5.0, f"{SKLEARN}: 3 and 2"),
    ("multi_quantile", {"alpha": (0.25, 0.5)}, 1.0, [5.0, 5.0], "gradient 1", 0.5, SKLEARN),
    # The second score makes softplus 1, so that the estimates are 1 and 2.000001.
    ("multi_expectile", {"alpha": (0.25, 0.75)}, 0.0, [1.0, 0.5413248546129181], "loss", 0.875000500000125,
     "0.75*1**2/2 + 0.25*2.000001**2/2"),
    ("multi_expectile", {"alpha": (0.25, 0.75)}, 0.0, [1.0, 0.5413248546129181], "gradient", 1.25000025,
     "0.75*1 + 0.25*2.000001"),
    ("cox", {}, [1.0, -1.0, 6.0, 6.0, -8.0, 9.0], [0.0] * 6, "loss", 4.564348191467837, THERNEAU),
    ("cox", {}, [1.0, 2.0, -2.0], [0.0] * 3, "gradient 1", -0.16666666666666666, "1/3 + 1/2 - 1"),
    ("cox", {}, [1.0, 2.0, -2.0], [0.0] * 3, "exact 1", 0.4722222222222222, "1/3*2/3 + 1/2*1/2"),
    ("aft", {}, (1.0, 1.0), 0.0, "loss", 0.9189385332046727, "OEIS A075700, log(2*pi)/2"),
    ("aft", {}, (1.0, INF), 0.0, "loss", 0.6931471805599453, LOG2),
    ("aft", {}, (1.0, INF), 0.0, "gradient", -0.7978845608028654, NORMAL),
    ("aft", {}, (0.0, 1.0), 0.0, "exact", 0.6366197723675814, "OEIS A060294, 2/pi"),
    ("aft", {"distribution": "logistic"}, (2.718281828459045, INF), 0.0, "loss", 1.3132616875182228,
     "softplus(1)"),
    ("aft", {"distribution": "logistic"}, (1.0, 1.0), 0.0, "exact", 0.5, "2*(1/2)*(1/2)"),
    ("aft", {"distribution": "extreme", "scale": 0.5}, (2.0, INF), 0.0, "loss", 4.0, "Weibull of shape 2: 2**2"),
    ("aft", {"distribution": "extreme"}, (0.0, 1.0), 0.0, "gradient", 0.5819767068693265, "OEIS A073333, 1/(e - 1)"),
    ("pairwise_logistic", {}, [1.0, 0.0, 1.0], [0.0] * 3, "loss", 1.3862943611198906, f"{LOG2}, for two pairs"),
    ("pairwise_logistic", {}, [1.0, 0.0, 1.0], [0.0] * 3, "gradient 1", 1.0, "1/2 + 1/2"),
    ("lambda_ndcg", {}, [0.0, 1.0], [0.0] * 2, "gradient", 0.18453512321427127, "OEIS A102525, log(2)/log(3): (1 - that)/2"),
    ("lambda_map", {}, [1.0, 0.0, 1.0], [0.0] * 3, "gradient 1", 0.20833333333333334,
     "average precision 5/6, 7/12 with the first two changed, 1 with the last two: (1/4 + 1/6)/2"),
    ("xe_ndcg", {}, [1.0, 0.0], [0.0] * 2, "loss", 0.6931471805599453, LOG2),
    ("xe_ndcg", {}, [1.0, 0.0], [0.0] * 2, "gradient", -0.25, "1/2 - 3/4"),
]
