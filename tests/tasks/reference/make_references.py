#!/usr/bin/env python3
"""Makes the numbers in tests/tasks/*_test.cc that come from elsewhere; not needed to run the tests.

Usage: make_references.py losses|weighting   (with PyTorch)
       make_references.py metrics            (with scikit-learn)
       make_references.py calibration|minima (with SciPy)
       make_references.py learned            (with PyTorch)
       make_references.py gradients|ordinal  (with NumPy)
"""
import math
import sys


def losses():
    import torch
    import torch.nn.functional as F

    torch.set_default_dtype(torch.float64)
    logits = torch.tensor([[1.0, -0.5, 0.25], [0.0, 2.0, -1.0], [0.5, 0.5, -2.0], [3.0, 0.0, 1.0]])
    labels = torch.tensor([0, 2, 1, 1])
    weights = torch.tensor([0.5, 2.0, 1.25])
    there = torch.tensor([True, True, False, True])

    def softmax(smoothing, gamma, weighted):
        z = logits.clone().requires_grad_()
        log_p = F.log_softmax(z, 1)
        target = F.one_hot(labels, 3) * (1 - smoothing) + smoothing / 3
        each = -(target * (1 - log_p.exp()) ** gamma * log_p).sum(1)
        if weighted:
            each = each * weights[labels]
        loss = each[there].mean()
        loss.backward()
        return loss.item(), z.grad

    print("probabilities", F.softmax(logits, 1).flatten().tolist())
    for arguments in [(0, 0, False), (0.1, 0, False), (0, 2, False), (0, 0, True), (0.2, 1.5, True)]:
        loss, gradient = softmax(*arguments)
        print("softmax", arguments, loss, gradient.flatten().tolist())
    # PyTorch's own smoothing agrees with the formula.
    assert abs(F.cross_entropy(logits[there], labels[there], label_smoothing=0.1).item() -
               softmax(0.1, 0, False)[0]) < 1e-12

    answers = torch.tensor([[0.0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 1, 0]])
    cells = torch.tensor([[1.0, 1, 0], [1, 1, 1], [0, 0, 0], [1, 0, 1]]).bool()

    def logistic(smoothing, gamma, weighted):
        z = logits.clone().requires_grad_()
        p = torch.sigmoid(z)
        target = answers * (1 - smoothing) + smoothing / 2
        each = -target * (1 - p) ** gamma * p.log() - (1 - target) * p ** gamma * (1 - p).log()
        if weighted:
            each = each * torch.where(answers > 0, weights, torch.ones(3))
        loss = each[cells].mean()
        loss.backward()
        return loss.item(), z.grad

    print("sigmoids", torch.sigmoid(logits).flatten().tolist())
    for arguments in [(0, 0, False), (0.1, 0, False), (0, 2, False), (0, 0, True), (0.2, 1.5, True)]:
        loss, gradient = logistic(*arguments)
        print("logistic", arguments, loss, gradient.flatten().tolist())
    # PyTorch's own weight of a yes agrees with the formula.
    own = F.binary_cross_entropy_with_logits(logits, answers, pos_weight=weights, reduction="none")
    assert abs(own[cells].mean().item() - logistic(0, 0, True)[0]) < 1e-12


def weighting():
    import torch

    torch.set_default_dtype(torch.float64)
    steps = [(1.2, 0.3, 2.5), (1.1, 0.5, 2.0), (0.7, 0.2, 2.2), (0.9, 0.1, 1.5), (0.4, 0.6, 1.0),
             (0.3, 0.05, 0.8)]
    s = torch.full((3,), -0.5, requires_grad=True)
    optimizer = torch.optim.SGD([s], lr=0.1, momentum=0.9)
    for losses in steps:
        # The network's part of the gradient of the whole loss: its derivative by each L_t.
        leaf = torch.tensor(losses, requires_grad=True)
        optimizer.zero_grad()
        (leaf / (2 * s.exp()) + s / 2).sum().backward()
        print("uncertainty", leaf.grad.tolist())
        optimizer.step()
    print("uncertainty s", s.tolist())

    for losses in steps[:2]:
        leaf = torch.tensor(losses, requires_grad=True)
        (leaf + 1e-8).log().sum().backward()
        print("logsum", leaf.grad.tolist())

    # Epochs of two steps each.
    means = []
    for epoch in range(3):
        means.append(torch.tensor(steps[2 * epoch:2 * epoch + 2]).mean(0))
        if epoch > 0:
            print("dwa after epoch", epoch, (3 * torch.softmax(means[-1] / means[-2] / 2, 0)).tolist())


def metrics():
    import numpy as np
    from sklearn import metrics as m

    truth = [0, 0, 0, 1, 1, 2, 2, 2, 2, 3]
    answer = [0, 1, 0, 1, 1, 2, 0, 2, 4, 1]
    print("macro f1", m.f1_score(truth, answer, average="macro"))
    print("balanced", m.balanced_accuracy_score(truth, answer))
    print("mcc", m.matthews_corrcoef(truth, answer))
    print("f1 of 0, 2", m.f1_score(truth, answer, average=None)[[0, 2]])
    yes = [1, 0, 1, 1, 0, 0, 1, 0]
    score = [0.9, 0.8, 0.75, 0.5, 0.5, 0.25, 0.25, 0.125]
    print("ap", m.average_precision_score(yes, score), "auc", m.roc_auc_score(yes, score))
    # Guo et al. 2017, equation 3, with numpy.
    confidence = np.array([0.95, 0.95, 0.75, 0.75, 0.55, 0.35, 1.0])
    right = np.array([1, 1, 1, 0, 0, 1, 1])
    bins = np.ceil(confidence * 15) - 1
    error = sum(abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean()
                for b in set(bins))
    print("ece", error)


def calibration():
    import numpy as np
    from scipy.optimize import minimize_scalar

    z = np.array([4, 1, 0, 0.5, 3, -1, 2, 2.5, 6, 5, -2, 1, 1, 3, 2.5, 0, 1, -4, -1, 4, -3, 2, 2, 9], float)
    rows, labels = z.reshape(8, 3), np.array([0, 1, 1, 0, 2, 1, 1, 2])

    def softmax_loss(t):
        scaled = rows / t
        return (np.log(np.exp(scaled).sum(1)) - scaled[np.arange(8), labels]).mean()

    answers = np.array([1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1])

    def logistic_loss(t):
        return np.log1p(np.exp(np.where(answers > 0, -z, z) / t)).mean()

    for loss in (softmax_loss, logistic_loss):
        print(loss.__name__, minimize_scalar(loss, bounds=(0.05, 20), method="bounded",
                                             options={"xatol": 1e-10}).x)


def gradients():
    """Gradient methods on the gradients themselves, and derivatives of losses by complex steps."""
    import itertools

    import numpy as np

    g = np.array([[1.0, 2.0, -1.0, 0.5], [-2.0, 0.5, 1.0, 1.0], [0.5, -3.0, 0.25, 1.5]])
    print("products", (g @ g.T).tolist())

    def coefficients(v):  # of a vector in the span of the rows of g
        return np.linalg.lstsq(g.T, v, rcond=None)[0]

    # PCGrad, algorithm 1: what becomes of each gradient, for each order of the others.
    for i in range(3):
        for order in itertools.permutations([j for j in range(3) if j != i]):
            own = g[i].copy()
            for j in order:
                if own @ g[j] < 0:
                    own -= own @ g[j] / (g[j] @ g[j]) * g[j]
            print("pcgrad", i, order, coefficients(own).tolist())

    # DB-MTL: all as long as the longest.
    norms = np.linalg.norm(g, axis=1)
    print("dbmtl", (norms.max() / (norms + 1e-8)).tolist())

    # IMTL-G as LibMTL computes it.
    unit = g / norms[:, None]
    d, u = g[0:1] - g[1:], unit[0:1] - unit[1:]
    alpha = g[0:1] @ u.T @ np.linalg.inv(d @ u.T)
    mixed = np.concatenate([1 - alpha.sum(1, keepdims=True), alpha], 1)[0]
    print("imtl", mixed.tolist(), "projections", (unit @ (mixed @ g)).tolist())

    losses = np.array([1.2, 0.3, 2.5])

    def derivative(f):
        return [float(f(losses + 1e-30j * np.eye(3)[t]).imag / 1e-30) for t in range(3)]

    print("gls", derivative(lambda L: np.prod(L + 1e-8) ** (1 / 3)))
    nadir = np.array([(1.1 + 0.9) / 2, (0.5 + 0.1) / 2, (2.0 + 1.5) / 2])
    print("stch", derivative(lambda L: 3 * np.log(np.exp(np.log(L / nadir)).sum())))


def minima():
    """MGDA, CAGrad and Nash-MTL by general solvers."""
    import numpy as np
    from scipy.optimize import minimize, root

    g = np.array([[1.0, 2.0, -1.0, 0.5], [-2.0, 0.5, 1.0, 1.0], [0.5, -3.0, 0.25, 1.5]])
    # One whose minimum leaves the longest out.
    edge = np.array([[1.0, 0.0, 0.0, 0.0], [0.5, 1.0, 0.0, 0.0], [2.0, 2.0, 1.0, 0.0]])

    def on_simplex(f, n):
        found = minimize(f, np.full(n, 1 / n), method="SLSQP", bounds=[(0, 1)] * n,
                         constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
                         options={"ftol": 1e-16, "maxiter": 1000})
        return found.x

    for name, rows in (("three", g), ("edge", edge), ("two", g[[0, 2]])):
        n, c = len(rows), 0.5
        print("mgda", name, on_simplex(lambda w: ((w @ rows) ** 2).sum(), n).tolist())
        mean = rows.mean(0)
        radius = c * np.linalg.norm(mean)
        w = on_simplex(lambda w: w @ rows @ mean + radius * np.linalg.norm(w @ rows), n)
        d = mean + radius * (w @ rows) / np.linalg.norm(w @ rows)
        print("cagrad", name, (np.linalg.lstsq(rows.T, d, rcond=None)[0] / (1 + c * c)).tolist())
        products = rows @ rows.T
        products /= np.linalg.norm(products)
        found = root(lambda x: products @ np.exp(x) - np.exp(-x), np.zeros(n), tol=1e-14)
        print("nashmtl", name, np.exp(found.x).tolist())


def learned():
    """GradNorm and FAMO by PyTorch's derivatives and optimizers."""
    import torch

    torch.set_default_dtype(torch.float64)
    g = torch.tensor([[1.0, 2.0, -1.0, 0.5], [-2.0, 0.5, 1.0, 1.0], [0.5, -3.0, 0.25, 1.5]])
    steps = [(1.2, 0.3, 2.5), (1.1, 0.5, 2.0), (0.7, 0.2, 2.2), (0.9, 0.1, 1.5), (0.4, 0.6, 1.0),
             (0.3, 0.05, 0.8)]
    losses = torch.tensor(steps)
    w = torch.ones(3, requires_grad=True)
    for step in losses:
        print("gradnorm", w.tolist())
        norms = (w[:, None] * g).norm(dim=1)
        mean = norms.mean().detach()
        ratio = step / losses[0]
        target = (mean * (ratio / ratio.mean()) ** 1.5).detach()
        ((norms - target).abs().sum() / mean).backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            w *= 3 / w.sum()
        w.grad = None

    x = torch.zeros(3, requires_grad=True)
    adam = torch.optim.Adam([x], lr=0.025, weight_decay=1e-3)
    for i, step in enumerate(losses):
        if i > 0:
            delta = (losses[i - 1] + 1e-8).log() - (step + 1e-8).log()
            adam.zero_grad()
            x.grad = torch.autograd.grad(torch.softmax(x, 0), x, grad_outputs=delta)[0]
            adam.step()
        leaf = step.clone().requires_grad_()
        z = torch.softmax(x, 0).detach()
        c = (z / (leaf + 1e-8)).sum().detach()
        ((leaf + 1e-8).log() * z / c).sum().backward()
        print("famo", leaf.grad.tolist())


def ordinal():
    import numpy as np

    # coral_pytorch's corn_loss, on four ordered classes.
    logits = np.array([[1.0, -0.5, 0.25], [2.0, 0.5, -1.0], [0.5, 3.0, 1.5], [-1.0, 0.0, 2.0]])
    labels = np.array([0, 2, 3, 1])
    total, examples = 0.0, 0
    for k in range(3):
        reached = labels > k - 1
        target, z = (labels > k)[reached], logits[reached, k]
        log_sigmoid = -np.log1p(np.exp(-z))
        total -= (log_sigmoid * target + (log_sigmoid - z) * (1 - target)).sum()
        examples += reached.sum()
    print("corn", total / examples)
    f = 1 / (1 + np.exp(-logits))
    beyond = np.concatenate([np.ones((4, 1)), np.cumprod(f, 1), np.zeros((4, 1))], 1)
    print("probabilities", (beyond[:, :-1] - beyond[:, 1:]).tolist())

    # Quadratic weighted kappa by its matrices: labels 0 0 1 2 2 3, answers 0 1 1 3 2 1.
    observed = np.zeros((4, 4))
    for label, answer in zip([0, 0, 1, 2, 2, 3], [0, 1, 1, 3, 2, 1]):
        observed[label, answer] += 1
    weights = (np.arange(4)[:, None] - np.arange(4)) ** 2
    expected = np.outer(observed.sum(1), observed.sum(0)) / observed.sum()
    print("kappa", 1 - (weights * observed).sum() / (weights * expected).sum())


{"losses": losses, "weighting": weighting, "metrics": metrics,
 "calibration": calibration, "gradients": gradients,
 "minima": minima, "learned": learned, "ordinal": ordinal}[sys.argv[1]]()
