"""The cardiovascular risk test: answers in, risk and advice out.

read_answers(json) -> Answers -> assess -> RiskResult -> to_dict() (`cardioalert.risk/1`)
"""

from cardioalert.risk.assess import assess
from cardioalert.risk.questionnaire import Answers, read_answers
from cardioalert.risk.result import RiskResult

__all__ = ["Answers", "RiskResult", "assess", "read_answers"]
