"""Tests of tms_lib.figures._shared."""

import time

import pytest
import torch

from tms_lib.figures._shared import on_all_cores


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
