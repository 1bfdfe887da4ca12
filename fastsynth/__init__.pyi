from fastsynth.blocking import Rollout as Rollout
from fastsynth.blocking import reward as reward
from fastsynth.env.adapters.contract import Means as Means
from fastsynth.env.adapters.contract import tool as tool
from fastsynth.env.environment import Scenario as Scenario
from fastsynth.env.environment import Thread as Thread
from fastsynth.env.law import Call as Call
from fastsynth.env.law import Rule as Rule
from fastsynth.reading import load as load
from fastsynth.rollout import AsyncRollout as AsyncRollout
from fastsynth.rollout import Reward as Reward
from fastsynth.rollout import Step as Step
from fastsynth.scoring import Scorer as Scorer

__version__: str
