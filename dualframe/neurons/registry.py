"""The point-neuron models by name, and which of them a word such as ``"glif"`` stands for."""

from __future__ import annotations

from dualframe.core.errors import UnknownName
from dualframe.core.registry import Registry
from dualframe.core.validation import check_text
from dualframe.neurons.adex import ADEX
from dualframe.neurons.alif import ALIF
from dualframe.neurons.compartmental_rate import COMPARTMENTAL_RATE
from dualframe.neurons.continuous_integrate_fire import CONTINUOUS_INTEGRATE_FIRE
from dualframe.neurons.eglif import EGLIF
from dualframe.neurons.eif import EIF
from dualframe.neurons.escape_rate import ESCAPE_RATE
from dualframe.neurons.fitzhugh_nagumo import FITZHUGH_NAGUMO
from dualframe.neurons.glif import GLIF_MODELS
from dualframe.neurons.hindmarsh_rose import HINDMARSH_ROSE
from dualframe.neurons.hodgkin_huxley import HODGKIN_HUXLEY
from dualframe.neurons.if_adaptation import IF_ADAPTATION
from dualframe.neurons.if_or_burst import IF_OR_BURST
from dualframe.neurons.iterative_lif import ITERATIVE_LIF
from dualframe.neurons.izhikevich import IZHIKEVICH_MODELS
from dualframe.neurons.izhikevich_2003_euler import IZHIKEVICH_2003_EULER
from dualframe.neurons.leaky_integrate_modulate import LEAKY_INTEGRATE_MODULATE
from dualframe.neurons.lif import LIF
from dualframe.neurons.mixed_feedback import MIXED_FEEDBACK
from dualframe.neurons.morris_lecar import MORRIS_LECAR
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.perceptron import PERCEPTRONS
from dualframe.neurons.plif import PLIF
from dualframe.neurons.qif import QIF
from dualframe.neurons.rate_neuron import RATE_MODELS
from dualframe.neurons.resonate_and_fire import RESONATE_AND_FIRE
from dualframe.neurons.srm import SRM
from dualframe.neurons.srm0 import SRM0
from dualframe.neurons.threshold_function import THRESHOLD_FUNCTION
from dualframe.neurons.wilson import WILSON

NEURON_MODELS = Registry(
    "point neuron model",
    NeuronModel,
    (
        *GLIF_MODELS,
        *IZHIKEVICH_MODELS,
        EGLIF,
        ADEX,
        IZHIKEVICH_2003_EULER,
        LIF,
        ALIF,
        PLIF,
        ITERATIVE_LIF,
        IF_ADAPTATION,
        QIF,
        EIF,
        RESONATE_AND_FIRE,
        IF_OR_BURST,
        SRM0,
        SRM,
        THRESHOLD_FUNCTION,
        ESCAPE_RATE,
        FITZHUGH_NAGUMO,
        MORRIS_LECAR,
        HODGKIN_HUXLEY,
        HINDMARSH_ROSE,
        WILSON,
        MIXED_FEEDBACK,
        *RATE_MODELS,
        COMPARTMENTAL_RATE,
        *PERCEPTRONS,
        LEAKY_INTEGRATE_MODULATE,
        CONTINUOUS_INTEGRATE_FIRE,
    ),
)


def neuron_model(name: str) -> NeuronModel:
    """Return a point-neuron model by name.

    Parameters
    ----------
    name
        As it is registered, such as ``"GLIF3"`` or ``"izhikevich2007_FS"``.

    Raises
    ------
    UnknownName
        If there is no such model.
    """
    return NEURON_MODELS[name]


def model_families() -> tuple[str, ...]:
    """Return the words that ``model=`` takes for a family of models, such as ``"glif"``."""
    return tuple(dict.fromkeys(model.family for model in NEURON_MODELS.values()))


def models_named(key: str) -> tuple[NeuronModel, ...]:
    """Return the models that ``model=key`` may mean: one by its name, or all of a family.

    Parameters
    ----------
    key
        A family (``"glif"``, ``"izhikevich"``) or a model's name in any case (``"glif3"``).

    Raises
    ------
    UnknownName
        If no model answers to it.
    """
    check_text(key, "point neuron model")
    models = tuple(model for model in NEURON_MODELS.values() if model.answers_to(key))
    if not models:
        words = dict.fromkeys((*model_families(), *map(str.casefold, NEURON_MODELS)))
        raise UnknownName("point neuron model", key, words)
    return models


def family_of(key: str) -> str:
    """Return the family of the models that ``model=key`` may mean; errors as `models_named`."""
    return models_named(key)[0].family


def fittable_models(key: str) -> tuple[NeuronModel, ...]:
    """Return the models that a fit tries in turn for ``model=key``; errors as `models_named`."""
    return tuple(model for model in models_named(key) if model.search is not None)


def fittable_families() -> tuple[str, ...]:
    """Return the families of which models can be fitted."""
    families = (model.family for model in NEURON_MODELS.values() if model.search is not None)
    return tuple(dict.fromkeys(families))
