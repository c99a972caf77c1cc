"""From a table to settings, remembering every problem on the way."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from workers.providers.account import AccountSettings, account_name, secret_fields
from workers.providers.base import Adapter
from workers.settings.allowed import one_of
from workers.settings.consistency import overlapping_feeds, rejected_feeds, same_accounts, shared_feeds, unusable_tls
from workers.settings.explain import explain, model_of, unknown_key
from workers.settings.kafka import TlsSettings
from workers.settings.problem import Place, line, near_miss, where
from workers.settings.secrets import SecretAbsent, SecretSources, SecretUnreadable
from workers.settings.settings import Settings

Model = TypeVar("Model", bound=BaseModel)

#: Stands in for the name of an account whose own name is wrong (and told), so that its other fields are read.
_ANY_NAME = "account"
#: What an account of an unknown provider lacks for its common fields to be read.
_NO_PROVIDER = {"provider": "", "base_url": "https://provider.invalid"}


class Reading:
    """One pass over a configuration. `problems` holds a line for each wrong field, `credentials` what it met."""

    def __init__(
        self,
        sources: SecretSources,
        providers: Mapping[str, type[AccountSettings]],
        adapter: Callable[[AccountSettings], Adapter] | None,
        *,
        keyless: bool = False,
    ) -> None:
        self.problems: dict[Place, str] = {}
        self.credentials: list[str] = []
        self._sources = sources
        self._providers = providers
        self._adapter = adapter
        #: Whether accounts may be without their keys, since no provider will be asked.
        self._keyless = keyless

    def settings(self, table: Mapping[str, Any]) -> Settings | None:
        """The settings, or None where there are problems."""
        known = list(Settings.model_fields)
        for key in table:
            if key not in known:
                self._say((key,), unknown_key(key, known))
        sections = {name: self._section(name, table.get(name, {})) for name in known if name != "accounts"}
        accounts = self._accounts(table.get("accounts", {}))
        if self.problems:
            return None
        return Settings(accounts=accounts, **sections)

    def _section(self, name: str, table: object) -> BaseModel | None:
        cls = model_of(Settings.model_fields[name])
        if not isinstance(table, Mapping) or cls is None:
            self._say((name,), f"must be a table: [{name}]")
            return None
        section = self._model(cls, table, (name,), {})
        if name == "kafka" and isinstance(table.get("tls"), Mapping):  # its files are tried whatever else is wrong
            self.problems.update(unusable_tls(self._model(TlsSettings, table["tls"], ("kafka", "tls"), {})))
        return section

    def _accounts(self, table: object) -> dict[str, AccountSettings]:
        if not isinstance(table, Mapping):
            self._say(("accounts",), "must be tables: [accounts.NAME]")
            return {}
        read = {name: self._account(name, given) for name, given in table.items()}
        accounts = {name: account for name, account in read.items() if account is not None}
        same = same_accounts(accounts)
        self.problems.update(same)
        self.problems.update(
            shared_feeds({name: of for name, of in accounts.items() if ("accounts", name) not in same})
        )
        for name, account in accounts.items():
            self._feeds(name, account)
        return accounts

    def _feeds(self, name: str, account: AccountSettings) -> None:
        if self._adapter is None:
            return
        place = ("accounts", name, "feeds")
        known = any(told[: len(place)] == place for told in self.problems)
        for wrong, text in rejected_feeds(place, self._adapter(account)).items():
            if wrong != place or not known:  # what is wrong with all of them together is wrong with one of them
                self.problems.setdefault(wrong, text)

    def _feeds_beside(
        self, cls: type[AccountSettings], table: Mapping[str, Any], place: Place, given: Mapping[str, Any]
    ) -> None:
        """The feeds of an account that has wrong fields, told of as if these were left out."""
        wrong = {told[2] for told in self.problems if told[:2] == place and told != place} - {"feeds"}
        rest = {key: value for key, value in self._resolved(cls, table, place).items() if key not in wrong}
        keyed = {key: SecretStr(_unread((*place, key))) for key in wrong & set(secret_fields(cls))}
        with suppress(ValidationError):  # they make no account without the others
            account = cls.model_validate({**rest, **keyed, **given}, strict=True)
            self._feeds(str(place[1]), account)

    def _account(self, name: str, table: object) -> AccountSettings | None:
        place = ("accounts", name)
        try:
            given = {"name": account_name(name)}
        except ValueError as error:
            self._say(place, str(error))
            given = {"name": _ANY_NAME}
        if not isinstance(table, Mapping):  # what stands there may be a secret: its value is not shown
            self._say(place, f"must be a table: [{where(place)}]")
            return None
        if "name" in table:
            self._say((*place, "name"), f"unknown key: the name of an account stands in [{where(place)}]")
        cls = self._provider((*place, "provider"), table.get("provider"))
        self.problems.update(overlapping_feeds((*place, "feeds"), table.get("feeds")))
        if cls is not None:
            account = self._model(cls, table, place, given)
            if account is None:
                self._feeds_beside(cls, table, place, given)
            return account
        common = {key: value for key, value in table.items() if key in AccountSettings.model_fields}
        self._model(AccountSettings, _NO_PROVIDER | common, place, given)
        return None

    def _provider(self, place: Place, name: object) -> type[AccountSettings] | None:
        cls = self._providers.get(name) if isinstance(name, str) else None
        if cls is None:
            near = near_miss(name, self._providers) if isinstance(name, str) else ""
            missing = "is missing: " if name is None else ""
            self._say(place, f"{missing}must be {one_of(self._providers)}{near}", name)
        return cls

    def _model(
        self, cls: type[Model], table: Mapping[str, Any], place: Place, given: Mapping[str, Any]
    ) -> Model | None:
        """A model of a table; `given` are fields that do not stand in the table."""
        resolved = self._resolved(cls, table, place) | dict(given)
        try:
            return cls.model_validate(resolved, strict=True, context={"folder": self._sources.folder})
        except ValidationError as error:
            for wrong, text in explain(cls, resolved, place, error).items():
                self.problems.setdefault(wrong, text)
        return None

    def _resolved(self, cls: type[BaseModel], table: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """The table with its secrets in the place of their references, and tuples for lists (settings are frozen)."""
        resolved: dict[str, Any] = {}
        for key, value in table.items():
            field = cls.model_fields.get(key)
            inner = model_of(field) if field else None
            if key in secret_fields(cls):
                resolved[key] = self._secret(value, (*place, key))
            elif inner is not None and isinstance(value, Mapping):
                resolved[key] = self._resolved(inner, value, (*place, key))
            else:
                resolved[key] = _frozen(value)
        return resolved

    def _secret(self, reference: object, place: Place) -> SecretStr:
        try:
            secret = self._sources.secret(reference, in_headers=place[0] == "accounts")
        except SecretUnreadable as error:
            if self._keyless and place[0] == "accounts" and isinstance(error, SecretAbsent):
                return SecretStr(_unread(place))
            self._say(place, str(error), None if isinstance(reference, Mapping) else SecretStr(""))
            secret = _unread(place)
            self.credentials.append(reference if isinstance(reference, str) else "")
        else:
            self.credentials.append(secret)
        return SecretStr(secret)

    def _say(self, place: Place, text: str, value: object = None) -> None:
        self.problems.setdefault(place, line(place, text, value))


def _unread(place: Place) -> str:
    """What stands for an unread secret; it tells two of them apart, for rules that compare accounts."""
    return f"unread-{where(place)}"


def _frozen(value: object) -> object:
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return {key: _frozen(item) for key, item in value.items()} if isinstance(value, dict) else value
