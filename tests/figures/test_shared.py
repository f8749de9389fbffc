"""Tests of tms_lib.figures._shared."""

import time

import pytest
import torch
from torch.testing import assert_close

from tms_lib.figures._shared import gaps_2d, on_all_cores


def test_parts_come_in_order_whichever_is_ready_first():
    def work(part: int) -> tuple[int, int]:
        time.sleep(0.01 if part == 0 else 0)
        return part, torch.get_num_threads()

    n_threads = torch.get_num_threads()
    assert on_all_cores(work, n_parts=4) == [(part, 1) for part in range(4)]
    assert torch.get_num_threads() == n_threads


def test_an_error_in_one_part_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        on_all_cores(lambda part: 1 / part, n_parts=2)


def test_gaps_leave_out_features_that_are_not_represented():
    angle = torch.deg2rad(torch.tensor([-90.0, 0.0, 100.0, 45.0]))
    W = torch.tensor([1.0, 2.0, 1.0, 0.1]) * torch.stack([angle.cos(), angle.sin()])
    assert_close(gaps_2d(W), torch.tensor([90.0, 100.0, 170.0]))
