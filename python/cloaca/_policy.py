"""Retry policies: how often a failed task is retried, after which delay, and after which errors."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Optional, Tuple, final

from ._sealed import Unbuildable, new
from ._types.lists import ListOf
from ._values import arguments

# Independent of `random.seed`. Two interpreters restored from the same memory snapshot get different numbers.
_jitter_source = random.SystemRandom()


@final
class BackoffStrategy(Unbuildable):
    """Growth of the delay from attempt to attempt: `fixed`, `linear` or `exponential`."""

    __slots__ = ("_kind", "_base", "_multiplier")

    _kind: str
    _base: float
    _multiplier: float

    @staticmethod
    def fixed() -> BackoffStrategy:
        """Uses the initial delay before every retry."""
        return _backoff("fixed", 1.0, 1.0)

    @staticmethod
    def linear(multiplier: float) -> BackoffStrategy:
        """Uses the initial delay times the number of the failed attempt times ``multiplier``."""
        return _backoff("linear", 1.0, arguments.number(multiplier, "multiplier"))

    @staticmethod
    def exponential(base: float, multiplier: Optional[float] = None) -> BackoffStrategy:
        """Uses the initial delay times ``multiplier``, and multiplies it by ``base`` after each further attempt.

        Args:
            base: Factor between two successive delays.
            multiplier: Factor that applies to every delay. Default: 1.0.
        """
        factor = 1.0 if multiplier is None else arguments.number(multiplier, "multiplier")
        return _backoff("exponential", arguments.number(base, "base"), factor)

    def __repr__(self) -> str:
        if self._kind == "fixed":
            return "BackoffStrategy.Fixed"
        if self._kind == "linear":
            return f"BackoffStrategy.Linear(multiplier={_shortest(self._multiplier)})"
        return f"BackoffStrategy.Exponential(base={_shortest(self._base)}, multiplier={_shortest(self._multiplier)})"


def _backoff(kind: str, base: float, multiplier: float) -> BackoffStrategy:
    strategy = new(BackoffStrategy)
    strategy._kind, strategy._base, strategy._multiplier = kind, base, multiplier
    return strategy


@final
class RetryCondition(Unbuildable):
    """Failures after which a task is retried: `never`, `transient_only`, `all_errors` or `error_pattern`."""

    __slots__ = ("_kind", "_patterns")

    _kind: str
    _patterns: Tuple[str, ...]

    @staticmethod
    def never() -> RetryCondition:
        """Retries after no failure, whatever the number of attempts."""
        return _condition("never")

    @staticmethod
    def transient_only() -> RetryCondition:
        """Retries after failures that may be temporary.

        These are timeouts, database errors, and errors whose text contains one of these words: timeout, connection,
        network, temporary, unavailable, busy, overloaded, rate limit.
        """
        return _condition("transient")

    @staticmethod
    def all_errors() -> RetryCondition:
        """Retries after every failure."""
        return _condition("all")

    @staticmethod
    def error_pattern(patterns: ListOf[str]) -> RetryCondition:
        """Retries after failures whose text contains one of the patterns. Case is ignored."""
        return _condition("pattern", tuple(arguments.texts(patterns, "patterns")))

    def __repr__(self) -> str:
        names = {"never": "Never", "transient": "TransientOnly", "all": "AllErrors"}
        if self._kind != "pattern":
            return f"RetryCondition.{names[self._kind]}"
        quoted = ", ".join('"' + pattern.replace("\\", "\\\\").replace('"', '\\"') + '"' for pattern in self._patterns)
        return f"RetryCondition.ErrorPattern(patterns=[{quoted}])"


def _condition(kind: str, patterns: Tuple[str, ...] = ()) -> RetryCondition:
    condition = new(RetryCondition)
    condition._kind, condition._patterns = kind, patterns
    return condition


@dataclass(frozen=True)
class PolicyValues:
    """Parts of a policy. Delays are in seconds."""

    max_attempts: int
    initial_delay: float
    max_delay: float
    backoff: BackoffStrategy
    condition: RetryCondition
    jitter: bool


DEFAULT_VALUES = PolicyValues(
    max_attempts=3,
    initial_delay=1.0,
    max_delay=60.0,
    backoff=BackoffStrategy.exponential(2.0),
    condition=RetryCondition.all_errors(),
    jitter=True,
)


@final
class RetryPolicy(Unbuildable):
    """Decides when and how often a failed task is retried.

    Create one with `RetryPolicy.builder` or `RetryPolicy.default`.

    Example:
        >>> policy = RetryPolicy.builder().max_attempts(5).initial_delay(0.25).with_jitter(False).build()
        >>> policy.calculate_delay(2)
        0.5
    """

    __slots__ = ("_values",)

    _values: PolicyValues

    @staticmethod
    def builder() -> RetryPolicyBuilder:
        """Returns a builder that starts with the default policy."""
        return _builder(DEFAULT_VALUES)

    @staticmethod
    def default() -> RetryPolicy:
        """Returns the default: 3 attempts, retries after any error, exponential delays from 1 s to 60 s, jitter."""
        return policy_of(DEFAULT_VALUES)

    @property
    def max_attempts(self) -> int:
        """Total number of attempts. 1 and 0 both mean a single attempt."""
        return self._values.max_attempts

    @property
    def initial_delay(self) -> float:
        """Delay in seconds before the second attempt."""
        return self._values.initial_delay

    @property
    def max_delay(self) -> float:
        """Maximum delay in seconds, before jitter is applied."""
        return self._values.max_delay

    @property
    def with_jitter(self) -> bool:
        """Whether delays are multiplied by a random factor from 0.75 to 1.25."""
        return self._values.jitter

    def calculate_delay(self, attempt: int) -> float:
        """Returns the delay in seconds after failed attempt number ``attempt``, counted from 1.

        Milliseconds are the precision.
        """
        return delay_ms_after(self._values, arguments.unsigned(attempt, "attempt"), _jitter_source.random()) / 1000

    def should_retry(self, attempt: int, error_type: str) -> bool:
        """Returns whether another attempt follows attempt number ``attempt``. The error text is ignored."""
        arguments.text(error_type, "error_type")
        return arguments.unsigned(attempt, "attempt") < self._values.max_attempts

    def __repr__(self) -> str:
        values = self._values
        return (
            f"RetryPolicy(max_attempts={values.max_attempts}, initial_delay={_shortest(values.initial_delay)}s, "
            f"max_delay={_shortest(values.max_delay)}s, jitter={'true' if values.jitter else 'false'})"
        )


def policy_of(values: PolicyValues) -> RetryPolicy:
    """Returns a policy with the given parts."""
    policy = new(RetryPolicy)
    policy._values = values
    return policy


def values_of(policy: RetryPolicy) -> PolicyValues:
    """Returns the parts of a policy."""
    return policy._values


@final
class RetryPolicyBuilder(Unbuildable):
    """Builder of a `RetryPolicy`. Each method returns a new builder and leaves the original unchanged."""

    __slots__ = ("_values",)

    _values: PolicyValues

    def max_attempts(self, n: int) -> RetryPolicyBuilder:
        """Sets the total number of attempts. 1 and 0 both mean a single attempt."""
        return _builder(replace(self._values, max_attempts=arguments.unsigned(n, "n")))

    def initial_delay(self, seconds: float) -> RetryPolicyBuilder:
        """Sets the delay in seconds before the second attempt. Raises ValueError if it is negative."""
        return _builder(replace(self._values, initial_delay=arguments.seconds(seconds, "initial_delay")))

    def max_delay(self, seconds: float) -> RetryPolicyBuilder:
        """Sets the maximum delay in seconds, before jitter is applied. Raises ValueError if it is negative."""
        return _builder(replace(self._values, max_delay=arguments.seconds(seconds, "max_delay")))

    def backoff_strategy(self, s: BackoffStrategy) -> RetryPolicyBuilder:
        """Sets how the delay grows from attempt to attempt."""
        if not isinstance(s, BackoffStrategy):
            arguments.refuse(s, "s", "BackoffStrategy")
        return _builder(replace(self._values, backoff=s))

    def retry_condition(self, c: RetryCondition) -> RetryPolicyBuilder:
        """Sets the failures after which the task is retried."""
        if not isinstance(c, RetryCondition):
            arguments.refuse(c, "c", "RetryCondition")
        return _builder(replace(self._values, condition=c))

    def with_jitter(self, flag: bool) -> RetryPolicyBuilder:
        """Sets whether delays are multiplied by a random factor from 0.75 to 1.25."""
        return _builder(replace(self._values, jitter=arguments.flag(flag, "flag")))

    def build(self) -> RetryPolicy:
        """Returns the policy."""
        return policy_of(self._values)

    def __repr__(self) -> str:
        return f"RetryPolicyBuilder({policy_of(self._values)!r})"


def _builder(values: PolicyValues) -> RetryPolicyBuilder:
    builder = new(RetryPolicyBuilder)
    builder._values = values
    return builder


def delay_ms_after(values: PolicyValues, attempt: int, random_number: float) -> int:
    """Returns the delay in milliseconds after failed attempt number ``attempt``.

    ``random_number`` (0 to 1) sets the jitter.
    """
    growing = _grown(milliseconds(values.initial_delay), values.backoff, max(1, attempt))
    delay_ms = min(growing, milliseconds(values.max_delay))
    if values.jitter:
        delay_ms *= 0.75 + random_number * 0.5
    return max(0, int(round(delay_ms, 6)))  # digits after the sixth are rounding errors of floats


def milliseconds(seconds: float) -> float:
    """Converts seconds to the milliseconds that the engine receives and `RetryPolicy.calculate_delay` starts from."""
    return round(seconds * 1000, 6)


def _grown(delay: float, backoff: BackoffStrategy, k: int) -> float:
    """Returns the delay that the strategy derives from the initial delay after failed attempt ``k``."""
    if backoff._kind == "fixed" or delay == 0:
        return delay
    if backoff._kind == "linear":
        return delay * k * backoff._multiplier
    try:
        return float(delay * backoff._multiplier * backoff._base ** (k - 1))
    except OverflowError:
        return float("inf")


def _shortest(value: float) -> str:
    """Formats a float with as few digits as possible, and a whole number without a decimal point."""
    return str(int(value)) if value == int(value) else repr(value)
