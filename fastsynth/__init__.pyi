from fastsynth.env.adapters.contract import Means as Means
from fastsynth.env.adapters.contract import tool as tool
from fastsynth.env.environment import Scenario as Scenario
from fastsynth.env.environment import Thread as Thread
from fastsynth.env.law import Call as Call
from fastsynth.env.law import Rule as Rule
from fastsynth.reading import load as load
from fastsynth.scoring import Reward as Reward
from fastsynth.scoring import Scorer as Scorer
from fastsynth.scoring import reward as reward

__version__: str
