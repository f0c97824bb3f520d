"""Three small networks of different kinds: (batch, 24, samples) -> logits.

The first twelve channels are leads in mV at 100 Hz, the others are 1 where a lead is shown.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 24
EXPANSION = 2  # of the perceptron in a ConvNeXt block


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution, then a small perceptron at each moment."""

    def __init__(self, width: int, kernel: int, drop: float) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, EXPANSION * width)
        self.narrow = nn.Linear(EXPANSION * width, width)
        self.scale = nn.Parameter(torch.full((width,), 0.1))
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        y = self.norm(self.depthwise(x).transpose(1, 2))
        y = self.narrow(functional.gelu(self.wide(y))) * self.scale
        if self.training and self.drop > 0:
            kept = torch.rand(len(x), 1, 1) > self.drop
            y = y * kept / (1 - self.drop)
        return x + y.transpose(1, 2)


class Head(nn.Module):
    """Mean and maximum over time, then one layer for statements and one for side tasks."""

    def __init__(self, width: int, statements: int, side: int, drop: float = 0.3) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(2 * width)
        self.drop = nn.Dropout(drop)
        self.statements = nn.Linear(2 * width, statements)
        self.side = nn.Linear(2 * width, side)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run it."""
        pooled = self.norm(torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1))
        pooled = self.drop(pooled)
        return self.statements(pooled), self.side(pooled)


class ConvNeXt(nn.Module):
    """A convolutional network after ConvNeXt (Liu et al. 2022), in one dimension."""

    def __init__(
        self,
        statements: int,
        side: int,
        *,
        widths: tuple[int, ...] = (48, 96, 192, 256),
        depths: tuple[int, ...] = (2, 2, 4, 2),
        kernel: int = 9,
        stem: int = 4,
        drop: float = 0.1,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv1d(CHANNELS, widths[0], 2 * stem - 1, stride=stem, padding=stem - 1)
        ]
        for index, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if index:
                layers += [
                    nn.BatchNorm1d(widths[index - 1]),
                    nn.Conv1d(widths[index - 1], width, 2, stride=2),
                ]
            layers += [ConvNeXtBlock(width, kernel, drop) for _ in range(depth)]
        self.body = nn.Sequential(*layers)
        self.head = Head(widths[-1], statements, side)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run it."""
        return self.head(self.body(x))


class ResidualBlock(nn.Module):
    """Two convolutions with a bypass and a gate on the channels."""

    def __init__(self, narrow: int, wide: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(narrow, wide, kernel, stride, kernel // 2, bias=False)
        self.first_norm = nn.BatchNorm1d(wide)
        self.second = nn.Conv1d(wide, wide, kernel, 1, kernel // 2, bias=False)
        self.second_norm = nn.BatchNorm1d(wide)
        self.squeeze = nn.Linear(wide, wide // 8)
        self.excite = nn.Linear(wide // 8, wide)
        same = narrow == wide and stride == 1
        self.bypass = nn.Identity() if same else nn.Conv1d(narrow, wide, 1, bias=False)
        self.pool = nn.AvgPool1d(stride, ceil_mode=True) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        y = functional.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(y.mean(dim=2)))))
        return functional.relu(y * gate[:, :, None] + self.bypass(self.pool(x)))


class GroupedResNet(nn.Module):
    """A residual network whose first layer looks at each lead alone.

    The stem knows the shape of waves; which lead they stand in is learned after it.
    """

    def __init__(
        self,
        statements: int,
        side: int,
        per_lead: int = 8,
        widths: tuple[int, ...] = (64, 96, 128, 192),
        kernel: int = 7,
    ) -> None:
        super().__init__()
        self.stem = nn.Conv1d(2 * 12, 12 * per_lead, 11, stride=2, padding=5, groups=12)
        self.norm = nn.BatchNorm1d(12 * per_lead)
        blocks, before = [], 12 * per_lead
        for width in widths:
            blocks.append(ResidualBlock(before, width, kernel, 2))
            before = width
        self.body = nn.Sequential(*blocks)
        self.head = Head(widths[-1], statements, side)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run it."""
        batch, _, samples = x.shape
        paired = x.view(batch, 2, 12, samples).transpose(1, 2).reshape(batch, 24, samples)
        return self.head(self.body(functional.relu(self.norm(self.stem(paired)))))


class StateSpaceLayer(nn.Module):
    """A diagonal structured state space (S4D, Gu et al. 2022), looking both ways.

    The response of each channel is a sum of damped oscillations. It is written out as a kernel as
    long as the input and applied as a matrix, which on a processor is faster than by FFT.
    """

    def __init__(self, width: int, length: int, state: int = 16, drop: float = 0.15) -> None:
        super().__init__()
        self.length = length
        step = torch.rand(2 * width) * (math.log(0.2) - math.log(0.005)) + math.log(0.005)
        self.log_step = nn.Parameter(step)
        self.log_decay = nn.Parameter(torch.full((2 * width, state), math.log(0.5)))
        self.frequency = nn.Parameter(math.pi * torch.arange(state).repeat(2 * width, 1).float())
        self.weight = nn.Parameter(torch.randn(2 * width, state, 2) * (1 / state) ** 0.5)
        self.skip = nn.Parameter(torch.randn(width))
        self.norm = nn.LayerNorm(width)
        self.mix = nn.Linear(width, 2 * width)
        self.drop = nn.Dropout(drop)

    def kernel(self) -> Tensor:
        """Return the response, shape (width, 2 * length - 1), the present in the middle."""
        step = self.log_step.exp()[:, None]
        clock = torch.arange(self.length, dtype=torch.float32)
        decay = (-self.log_decay.exp() * step)[:, :, None] * clock
        turn = (self.frequency * step)[:, :, None] * clock
        real, imaginary = self.weight[..., :1], self.weight[..., 1:]
        response = (decay.exp() * (real * turn.cos() - imaginary * turn.sin())).sum(dim=1)
        response = response * step * 8.0
        ahead, back = response.chunk(2)
        centre = (ahead[:, :1] + back[:, :1]) + self.skip[:, None]
        return torch.cat([back[:, 1:].flip(1), centre, ahead[:, 1:]], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Run it."""
        kernel = self.kernel()
        if self.training:
            place = torch.arange(self.length)
            delay = place[None, :] - place[:, None] + self.length - 1
            matrix = kernel[:, delay]  # (width, from, to)
            y = torch.bmm(x.transpose(0, 1), matrix).transpose(0, 1)
        else:
            y = functional.conv1d(
                x, kernel.flip(1)[:, None], padding=self.length - 1, groups=x.shape[1]
            )
        y = self.drop(functional.gelu(y)).transpose(1, 2)
        y = functional.glu(self.mix(y), dim=2)
        return self.norm(self.drop(y) + x.transpose(1, 2)).transpose(1, 2)


class StateSpace(nn.Module):
    """Four state-space layers on 25 Hz features."""

    def __init__(
        self, statements: int, side: int, samples: int = 250, width: int = 128, depth: int = 4
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv1d(CHANNELS, 64, 7, stride=2, padding=3),
            nn.GELU(),
            nn.Conv1d(64, width, 5, stride=2, padding=2),
        )
        length = math.ceil(math.ceil(samples / 2) / 2)
        self.body = nn.Sequential(*[StateSpaceLayer(width, length) for _ in range(depth)])
        self.head = Head(width, statements, side)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Run it."""
        return self.head(self.body(self.stem(x)))


def build(kind: str, statements: int, side: int) -> tuple[nn.Module, int]:
    """Return a new network and the samples it looks at."""
    if kind == "convnext":
        return ConvNeXt(statements, side), 250
    if kind == "resnet":
        return GroupedResNet(statements, side), 250
    if kind == "whole":
        return GroupedResNet(statements, side, per_lead=4, widths=(48, 72, 112, 144, 192)), 1000
    if kind == "statespace":
        return StateSpace(statements, side), 250
    raise ValueError(f"no network is called {kind!r}")
