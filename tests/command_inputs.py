"""Inputs of the command line that tests share: a quick search, and a model of the user's own."""

QUICK = ("--budget", "9trials", "--epochs", "9", "--tracking-uri", "off")
SEARCH = ("search", "iris", "--optimizers", "AdamW,SGD", *QUICK)


NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        wide, narrow = torch.nn.Linear(inputs, 16), torch.nn.Linear(16, outputs)
        self.layers = torch.nn.Sequential(wide, torch.nn.Tanh(), narrow)

    def forward(self, rows):
        return self.layers(rows)

def wrong():
    return torch.nn.Linear(4, 7)

def numbers():
    return 3

def leave():
    raise SystemExit(7)

def chatty():
    print("hello from the model")
    return Net(4, 3)

SIZE = 3
"""
