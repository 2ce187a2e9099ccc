"""A loss that nobody ships, from its formula: late is dearer than early, and what is far off counts less and less.

Delivery times are predicted. A parcel that comes a day late costs four times what one costs that is a day early, and one that
is lost for weeks says nothing about the others. The loss is Cauchy's on each side. Its level is learnt as well as a
quantile's: more parcels are early than late.
"""

import numpy as np
import xgboost

import boostobj as bo

LOSS = "where(f < y, late, 1)*scale**2*log(1 + ((f - y)/scale)**2)/2"

rng = np.random.default_rng(0)
distance, borders = rng.uniform(0, 2000, 3000), rng.integers(0, 3, 3000)
days = 1 + distance / 500 + borders + rng.gamma(2.0, 0.5, 3000)
days[rng.uniform(size=3000) < 0.02] += 40  # lost, and found again
X = np.column_stack([distance, borders])

objective = bo.from_formula(LOSS, late=4.0, scale=1.0, curvature="damped")
booster = bo.train({"max_depth": 3, "eta": 0.2}, xgboost.DMatrix(X, days), 100, objective=objective)
predicted = booster.predict(xgboost.DMatrix(X))

squared = bo.train({"max_depth": 3, "eta": 0.2}, xgboost.DMatrix(X, days), 100, objective="squared_error")
cost = {"this loss": predicted, "squared error": squared.predict(xgboost.DMatrix(X))}
for name, raw in cost.items():
    print(f"{name}: cost {objective.loss(days, raw).mean():.3f}, late {np.mean(days > raw):.0%}")
