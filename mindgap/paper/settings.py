"""The settings that the paper prints (Tables 4 to 9), and the same of a row here."""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

from mindgap.experiments.base import Experiment


class Setting(NamedTuple):
    """One line of Table 9: a setting and its printed value."""

    name: str
    printed: str
    ours: Callable[[Experiment], Any] | None
    """Returns the setting's value of a row of the registry; None for a setting that
    this library does not have."""
    note: str = ""
    """What this library does instead, or how its value is to be read."""


TABLE_9 = (
    Setting("algorithms", "bellman_ford", lambda e: e.task.name),
    Setting("train_lengths", "4, 7, 11, 13, 16", lambda e: e.train.lengths),
    Setting("random_pos", "True", None, "in training always, in CLRS-30's sets never"),
    Setting("enforce_permutations", "True", None, "concerns other tasks of CLRS only"),
    Setting("enforce_pred_as_input", "True", None, "concerns other tasks of CLRS only"),
    Setting("batch_size", "32", lambda e: e.train.batch),
    Setting("train_steps", "10000", lambda e: e.train.steps),
    Setting("eval_every", "50", lambda e: e.train.evaluate_every),
    Setting("test_every", "500", None, "tested after training, both checkpoints"),
    Setting("hidden_size", "128", lambda e: e.model.hidden_size),
    Setting("nb_heads", "1", lambda e: e.model.heads),
    Setting("nb_msg_passing_steps", "1", lambda e: e.model.message_steps),
    Setting("learning_rate", "1.0000e-4", lambda e: e.train.learning_rate),
    Setting("grad_clip_max_norm", "1.0000", lambda e: e.train.clip_norm),
    Setting("dropout_prob", "0.0000", None, "there is no dropout"),
    Setting(
        "hint_teacher_forcing",
        "0.0000",
        lambda e: e.train.windows.forced[1] if e.train.windows else 0.0,
        "on windows alone",
    ),
    Setting("hint_mode", "encoded_decoded", lambda e: e.model.hint_mode),
    Setting("hint_repred_mode", "soft", lambda e: e.model.feedback),
    Setting("use_ln", "True", lambda e: e.model.layer_norm),
    Setting("use_lstm", "False", None, "there is no LSTM"),
    Setting("encoder_init", "xavier_on_scalars", None, "always so"),
    Setting(
        "processor_type",
        "gatv2",
        lambda e: {"neighbours": "gatv2", "all": "gatv2_full"}[e.model.attend_to],
    ),
    Setting("freeze_processor", "False", None, "nothing is frozen"),
    Setting(
        "simplify_decoders", "False", lambda e: e.model.pointer_decoder == "simple"
    ),
    Setting("use_edge_info", "False", lambda e: e.model.edge_values != "none"),
    Setting("use_pre_att_bias", "False", lambda e: e.model.attention_bias),
    Setting("length_generalize", "True", lambda e: e.test.nodes > max(e.train.lengths)),
    Setting("regularization", "False", lambda e: e.train.l1 > 0),
    Setting(
        "regularization_weight",
        "1.0000e-4",
        lambda e: e.train.l1,
        "0 is no regularisation",
    ),
    Setting("git hash", "445caf85", None, "not a commit of the authors' public fork"),
)

CHANGES = {
    "table-4": {"hint_mode": "none"},
    "table-5": {"hidden_size": "4"},
    "table-6": {
        "regularization": "True",
        "regularization_weight": "1.0000e-3, 1.0000e-4",
    },
    "table-7": {"train_steps": "50000", "learning_rate": "5.0000e-5"},
    "table-8": {
        "train_lengths": "16",
        "simplify_decoders": "True",
        "use_edge_info": "True, False",
        "use_pre_att_bias": "True, False",
        "length_generalize": "False",
    },
}
"""What Tables 4 to 8 change in Table 9, as printed; of several values each is a row."""


def values(printed: str) -> tuple[Any, ...]:
    """The values of a printed setting: numbers, booleans and words.

    Example: `"True, False"` has the values True and False.
    """

    def one(text: str) -> Any:
        if text in ("True", "False"):
            return text == "True"
        try:
            number = float(text)
        except ValueError:
            return text
        return int(number) if number.is_integer() and "." not in text else number

    return tuple(one(text) for text in printed.split(", "))


def of(name: str, experiment: Experiment) -> Any:
    """A row's value of a setting of Table 9; None if this library lacks the setting."""
    (setting,) = (s for s in TABLE_9 if s.name == name)
    return setting.ours and setting.ours(experiment)


def agrees(setting: Setting, experiment: Experiment) -> bool | None:
    """Whether a row has the printed value; None if this library lacks the setting."""
    if setting.ours is None:
        return None
    printed, ours = values(setting.printed), setting.ours(experiment)
    if setting.name == "regularization_weight" and not experiment.train.l1:
        return None  # it weighs nothing without regularisation
    return printed == (ours if isinstance(ours, tuple) else (ours,))


def changed(experiment: Experiment, other: Experiment) -> dict[str, tuple[Any, Any]]:
    """The fields in which two rows differ: the other row's value, then this one's."""
    differences = {}
    for part in ("model", "train"):
        pair = (dataclasses.asdict(getattr(row, part)) for row in (other, experiment))
        old, new = pair
        differences |= {k: (old[k], new[k]) for k in old if old[k] != new[k]}
    if experiment.test != other.test:
        differences["test"] = (other.test.name, experiment.test.name)
    return differences
