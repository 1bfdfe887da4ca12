from fastsynth.reading import load as load
from fastsynth.scoring import Reward as Reward
from fastsynth.scoring import Scorer as Scorer
from fastsynth.scoring import reward as reward

__version__: str
