"""Where everything is put together: once per process, each part when it is first needed."""

import os
import random
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from chalicelib.core.clock import Clock, SystemClock
from chalicelib.core.coldstart.amazon_roots import trust_amazon_alone
from chalicelib.core.coldstart.collector import part
from chalicelib.core.errors import SettingsError
from chalicelib.settings import Settings, settings_from

if TYPE_CHECKING:
    from datetime import datetime

    import requests
    from botocore.session import Session

    from chalicelib.batches.advance_batches import BatchAdvancer
    from chalicelib.batches.checking.compare_batches import PaidSince
    from chalicelib.batches.checking.digest_rows import RowDigests
    from chalicelib.batches.count_progress import BatchProgress
    from chalicelib.batches.decide_batch import BatchService
    from chalicelib.batches.list_rows import BatchRows
    from chalicelib.batches.messages import BatchMessages
    from chalicelib.batches.retrying.retry_batch import BatchRetries
    from chalicelib.batches.store.batches import Batches
    from chalicelib.batches.store.open_batches import OpenBatches
    from chalicelib.batches.upload_batch import BatchUpload
    from chalicelib.batches.work_chunk import BatchWork
    from chalicelib.control.account_fingerprints import AccountFingerprints
    from chalicelib.control.seals import Seals
    from chalicelib.control.stored_key import StoredKey
    from chalicelib.core.deadline import TimeLeft
    from chalicelib.core.encryption import Vault
    from chalicelib.core.queues import Queue
    from chalicelib.core.secrets import CredentialsSource, Secret
    from chalicelib.customers.access_store import Accesses
    from chalicelib.customers.account_owners import AccountOwners
    from chalicelib.customers.approve_destinations import DestinationApprovals
    from chalicelib.customers.manage_customers import CustomerService
    from chalicelib.customers.open_details import Opener
    from chalicelib.customers.payee_store import Payees
    from chalicelib.customers.store import Customers
    from chalicelib.customers.verify_destination import VerificationService
    from chalicelib.monoova.available_funds import AvailableFunds
    from chalicelib.monoova.check_branch import BranchCheck
    from chalicelib.monoova.client import Account, MonoovaClient
    from chalicelib.monoova.gate_store import Controls
    from chalicelib.monoova.gatekeeper import Gatekeeper
    from chalicelib.monoova.payloads import Source
    from chalicelib.monoova.rules.branch import Branch
    from chalicelib.monoova.rules.destination import Destination
    from chalicelib.monoova.rules.duplicates import SecondCalls
    from chalicelib.monoova.rules.gate import Gate
    from chalicelib.monoova.show_account import AccountService
    from chalicelib.monoova.watch_balance import BalanceWatch
    from chalicelib.payouts.accept_payouts import Acceptance
    from chalicelib.payouts.administer_payout import AdministrationService
    from chalicelib.payouts.adopt_payout import AdoptionService
    from chalicelib.payouts.approve_payout import ApprovalService
    from chalicelib.payouts.find_payouts import PayoutsOfCustomer
    from chalicelib.payouts.list_payouts import PayoutLists
    from chalicelib.payouts.recognise_duplicates import Duplicates
    from chalicelib.payouts.request_payout import PayoutRequestService
    from chalicelib.payouts.seal_payouts import PayoutSeals
    from chalicelib.payouts.second_payment import SecondPayments
    from chalicelib.payouts.sending.announce_queued import QueuedPayouts
    from chalicelib.payouts.sending.dispatch_payout import Dispatcher
    from chalicelib.payouts.sending.reconcile_due import Reconciler
    from chalicelib.payouts.sending.record_event import Recorder
    from chalicelib.payouts.sending.send_payout import PayoutSender
    from chalicelib.payouts.store.counted_payouts import CountedPayouts
    from chalicelib.payouts.store.outlines import Outlines
    from chalicelib.payouts.store.payouts import Payouts
    from chalicelib.payouts.store.recent_payments import RecentPayments
    from chalicelib.payouts.store.situation import ReadTogether
    from chalicelib.payouts.validate_payout import ValidationService
    from chalicelib.privacy.erase_customer import Erasure
    from chalicelib.privacy.export_customer import PrivacyService
    from chalicelib.reports.count_days import FiguresOfDays
    from chalicelib.reports.find_returns import Returns
    from chalicelib.reports.list_funding import Funds
    from chalicelib.reports.make_daily_report import DailyReports
    from chalicelib.reports.store.daily_reports import DailyReportStore
    from chalicelib.reports.store.day_payouts import DayPayouts
    from chalicelib.reports.store.funding import Funding
    from chalicelib.web.identity_tokens import TokenVerifier
    from chalicelib.webhooks.manage_dead_letters import DeadLetterService
    from chalicelib.webhooks.receive_webhook import WebhookService
    from chalicelib.webhooks.signed_events import SignedEvents


class Container:
    """The parts of the app. What a test replaces, it gives to the constructor.

    Imports stand inside: a function loads only what its own path needs.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        http: "requests.Session | None" = None,
        session: "Session | None" = None,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
        jitter: Callable[[], float] = random.random,
        fetch: Callable[[str], bytes] | None = None,
    ) -> None:
        self._environment = os.environ if environment is None else environment
        self.clock: Clock = clock or SystemClock()
        self._http = http
        self._given_session = session
        self._new_id = new_id
        self._jitter = jitter
        self._given_fetch = fetch

    @property
    def stage(self) -> str:
        """Known even where the settings are not complete."""
        return self._environment.get("STAGE", "dev")

    @part
    def settings(self) -> Settings:
        return settings_from(self._environment)

    # --- adapters

    @part
    def _session(self) -> "Session":
        from botocore.config import Config
        from botocore.session import Session

        session = self._given_session or Session()
        trust_amazon_alone(session)
        # For every client, the one that the Encryption SDK makes by itself included. What fails
        # after this is the caller's to try again, or the next run's.
        session.set_default_client_config(
            Config(
                retries={"mode": "standard", "total_max_attempts": 3},
                connect_timeout=1,
                read_timeout=3,
                parameter_validation=False,
                # Put together once; botocore would do it twice in every call.
                user_agent=session.user_agent(),
            )
        )
        return session

    def _client(self, service: str) -> Any:
        return self._session.create_client(service)

    @part
    def _dynamodb(self) -> Any:
        return self._client("dynamodb")

    @part
    def _sqs(self) -> Any:
        return self._client("sqs")

    @part
    def payouts_table(self) -> "Payouts":
        from chalicelib.payouts.store.payouts import Payouts

        settings = self.settings
        return Payouts(
            self._dynamodb,
            settings.dynamodb_table_transactions,
            settings.dynamodb_table_controls,
        )

    @part
    def customers_table(self) -> "Customers":
        from chalicelib.customers.store import Customers

        return Customers(self._dynamodb, self.settings.dynamodb_table_customers)

    @part
    def controls_table(self) -> "Controls":
        from chalicelib.monoova.gate_store import Controls

        return Controls(self._dynamodb, self.settings.dynamodb_table_controls)

    @part
    def _day_payouts(self) -> "DayPayouts":
        from chalicelib.reports.store.day_payouts import DayPayouts

        table = self.settings.dynamodb_table_transactions
        return DayPayouts(self._dynamodb, table, self.clock)

    @part
    def _checked_day_payouts(self) -> "DayPayouts":
        from chalicelib.reports.store.day_payouts import DayPayouts

        table = self.settings.dynamodb_table_transactions
        return DayPayouts(self._dynamodb, table, self.clock, self.payout_seals.flaw)

    @part
    def _daily_report_store(self) -> "DailyReportStore":
        from chalicelib.reports.store.daily_reports import DailyReportStore

        return DailyReportStore(self._dynamodb, self.settings.dynamodb_table_records)

    @part
    def _funding(self) -> "Funding":
        from chalicelib.reports.store.funding import Funding

        return Funding(self._dynamodb, self.settings.dynamodb_table_records)

    @part
    def accesses_table(self) -> "Accesses":
        from chalicelib.customers.access_store import Accesses

        return Accesses(self._dynamodb, self.settings.dynamodb_table_records)

    @part
    def together(self) -> "ReadTogether":
        from chalicelib.payouts.store.situation import ReadTogether

        return ReadTogether(
            self._dynamodb, self.payouts_table, self.customers_table, self.controls_table
        )

    @part
    def batches_table(self) -> "Batches":
        from chalicelib.batches.store.batches import Batches

        return Batches(self._dynamodb, self.settings.dynamodb_table_records, self.clock)

    @part
    def open_batches(self) -> "OpenBatches":
        from chalicelib.batches.store.open_batches import OpenBatches

        return OpenBatches(self._dynamodb, self.settings.dynamodb_table_records)

    @part
    def payees(self) -> "Payees":
        from chalicelib.core.dynamodb.many_items import ManyItems
        from chalicelib.customers.payee_store import Payees

        table = self.settings.dynamodb_table_customers
        return Payees(ManyItems(self._dynamodb, table, "customer_id", self.clock))

    @part
    def outlines(self) -> "Outlines":
        from chalicelib.core.dynamodb.many_items import ManyItems
        from chalicelib.payouts.store.outlines import Outlines

        table = self.settings.dynamodb_table_transactions
        return Outlines(ManyItems(self._dynamodb, table, "transaction_id", self.clock))

    @part
    def counted_payouts(self) -> "CountedPayouts":
        from chalicelib.payouts.store.counted_payouts import CountedPayouts

        return CountedPayouts(self._dynamodb, self.payouts_table, self.controls_table)

    @part
    def vault(self) -> "Vault":
        from chalicelib.core.encryption import Vault

        return Vault(self.settings.customer_data_key_arn, self._session)

    @part
    def account_fingerprints(self) -> "AccountFingerprints":
        from chalicelib.control.account_fingerprints import KEY_ID, AccountFingerprints

        return AccountFingerprints(self._stored_key(KEY_ID))

    @part
    def seals(self) -> "Seals":
        from chalicelib.control.seals import KEY_ID, Seals

        return Seals(self._stored_key(KEY_ID))

    def _stored_key(self, key_id: str) -> "StoredKey":
        from chalicelib.control.stored_key import StoredKey

        table = self.settings.dynamodb_table_controls
        return StoredKey(self._dynamodb, table, self.vault, key_id, self.clock.now)

    @part
    def payout_seals(self) -> "PayoutSeals":
        from chalicelib.payouts.seal_payouts import PayoutSeals

        # Loaded only when it is called: most of what is asked of a payout needs no key.
        return PayoutSeals(lambda: self.seals)

    @part
    def credentials(self) -> "CredentialsSource":
        from chalicelib.core.secrets import CredentialsSource

        client = self._client("secretsmanager")
        settings = self.settings
        return CredentialsSource(
            client, settings.monoova_api_secret_arn, self.clock, settings.stage_class
        )

    @part
    def tokens(self) -> "TokenVerifier":
        from chalicelib.web.identity_tokens import PoolKeys, TokenVerifier

        settings = self.settings
        return TokenVerifier(
            settings.user_pool_id,
            settings.user_pool_client_id,
            PoolKeys(self._fetch_pool_keys, self.clock),
            self.clock,
        )

    def _fetch_pool_keys(self) -> bytes:
        # Loaded only when it is called: once a day and instance.
        from chalicelib.web.pool_keys import address_of, fetched

        address = address_of(self.settings.user_pool_id, self._emulated_aws)
        return self._given_fetch(address) if self._given_fetch else fetched(address, self._session)

    @property
    def _emulated_aws(self) -> str:
        """Where an emulated AWS is; never asked where the money is real."""
        is_live = self.settings.stage_class.environment == "live"
        return "" if is_live else self._environment.get("AWS_ENDPOINT_URL", "")

    @part
    def monoova(self) -> "MonoovaClient":
        from chalicelib.monoova.client import MonoovaClient, new_session

        return MonoovaClient(self.credentials, self._http or new_session())

    @part
    def source(self) -> "Source":
        from chalicelib.monoova.payloads import Source

        settings = self.settings
        return Source(
            maccount_token=settings.monoova_maccount_token,
            bsb=settings.monoova_source_bsb,
            account_number=settings.monoova_source_account,
            remitter_name=settings.remitter_name,
            bsb_field=settings.monoova_source_bsb_field,
        )

    # --- use-cases

    @part
    def gatekeeper(self) -> "Gatekeeper":
        from chalicelib.monoova.gatekeeper import Gatekeeper

        return Gatekeeper(self.controls_table, self.clock, self._key_version)

    def _key_version(self) -> str | None:
        from chalicelib.core.secrets import SecretUnavailableError

        try:
            return self.credentials.current().version
        except SecretUnavailableError:
            return None

    @part
    def _recorder(self) -> "Recorder":
        from chalicelib.payouts.sending.record_event import Recorder

        return Recorder(self.payouts_table, self.clock)

    @part
    def _sender(self) -> "PayoutSender":
        from chalicelib.payouts.sending.attempt_payout import Line
        from chalicelib.payouts.sending.send_payout import PayoutSender

        return PayoutSender(
            line=Line(
                monoova=self.monoova,
                gatekeeper=self.gatekeeper,
                clock=self.clock,
                jitter=self._jitter,
                second_calls=self._second_calls,
            ),
            recorder=self._recorder,
            policy=self.settings.policy,
            source=self.source,
        )

    def _second_calls(self, gate: "Gate") -> "SecondCalls":
        """Which second calls are made, `gate` being as it was just read."""
        from chalicelib.monoova.rules.duplicates import second_calls

        is_live = self.settings.stage_class.environment == "live"
        return second_calls(self.settings.policy.duplicates, gate, is_live=is_live)

    @part
    def customers(self) -> "CustomerService":
        from chalicelib.customers.manage_customers import CustomerService

        return CustomerService(
            customers=self.customers_table,
            vault=self.vault,
            clock=self.clock,
            is_sandbox=lambda: self.credentials.current().environment == "sandbox",
            new_id=self._new_id,
            has_open_payout=self._has_open_payout,
            fingerprint=self._fingerprint_of,
            owners=self.account_owners,
            check_branch=self._check_branch,
        )

    def _fingerprint_of(self, destination: "Destination") -> str:
        # Made only when it is called: a look at a customer needs no key.
        return self.account_fingerprints.of(destination)

    def _has_open_payout(self, customer_id: str, destination_id: str) -> bool:
        # Loaded only when it is called: most of what is asked of a customer needs no payout.
        return self._payouts_of_customer.has_open(customer_id, destination_id)

    @part
    def _payouts_of_customer(self) -> "PayoutsOfCustomer":
        from chalicelib.payouts.find_payouts import PayoutsOfCustomer

        return PayoutsOfCustomer(self.payouts_table)

    @part
    def erasure(self) -> "Erasure":
        from chalicelib.privacy.erase_customer import Erasure

        return Erasure(
            customers=self.customers_table,
            payouts=self.payouts_table,
            of_customer=self._payouts_of_customer,
            clock=self.clock,
            waits_in=self._batch_with,
            owners=self.account_owners,
        )

    def _batch_with(self, customer_id: str) -> str | None:
        # Loaded only when it is called: a look at a customer needs no batch.
        from chalicelib.batches.store.waiting_rows import WaitingRows

        return WaitingRows(self.batches_table, self.open_batches).batch_with(customer_id)

    @part
    def _branches(self) -> "BranchCheck":
        from chalicelib.monoova.check_branch import BranchCheck

        return BranchCheck(self.monoova, self.gatekeeper)

    @property
    def _check_branch(self) -> "Callable[[str], Branch] | None":
        return self._ask_branch if self.settings.checks_bsb else None

    def _ask_branch(self, bsb: str) -> "Branch":
        # Made only when it is called: a look at a customer needs no connection to Monoova.
        return self._branches.ask(bsb)

    @part
    def opener(self) -> "Opener":
        from chalicelib.customers.open_details import Opener

        return Opener(self.vault, self.accesses_table, self.clock, self._new_id)

    @part
    def verification(self) -> "VerificationService":
        from chalicelib.customers.verify_destination import VerificationService

        return VerificationService(
            customers=self.customers_table,
            vault=self.vault,
            opener=self.opener,
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            clock=self.clock,
            approval=self.settings.approval,
            remitter_name=self.settings.remitter_name,
        )

    @part
    def privacy(self) -> "PrivacyService":
        from chalicelib.privacy.export_customer import PrivacyService

        return PrivacyService(
            customers=self.customers_table,
            payouts=self.payouts_table,
            accesses=self.accesses_table,
            vault=self.vault,
            opener=self.opener,
            clock=self.clock,
        )

    @part
    def _payout_queue(self) -> "Queue":
        from chalicelib.core.queues import Queue

        return Queue(self._sqs, self.settings.payout_queue_url)

    @part
    def acceptance(self) -> "Acceptance":
        from chalicelib.payouts.accept_payouts import Acceptance

        return Acceptance(
            payouts=self.payouts_table,
            counted=lambda: self.counted_payouts,
            limits=self.settings.limits,
            approval=self.settings.approval,
            clock=self.clock,
            jitter=self._jitter,
            seals=self.payout_seals,
        )

    @part
    def payout_requests(self) -> "PayoutRequestService":
        from chalicelib.payouts.request_payout import PayoutRequestService

        return PayoutRequestService(
            payouts=self.payouts_table,
            acceptance=self.acceptance,
            together=self.together,
            vault=self.vault,
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            sender=self._sender,
            queue=self._payout_queue,
            clock=self.clock,
            policy=self.settings.policy,
            limit_cents=self.settings.payout_limit_cents,
            approval=self.settings.approval,
            new_id=self._new_id,
            second_payments=lambda: self.second_payments,
            duplicates=self._duplicates,
            fingerprints=lambda: self.account_fingerprints,
            requires_verified=self.settings.requires_verified_destination,
        )

    @part
    def _duplicates(self) -> "Duplicates":
        from chalicelib.payouts.recognise_duplicates import Duplicates

        return Duplicates(
            rules=self.settings.duplicates,
            fingerprints=lambda: self.account_fingerprints,
            recent=self.recent_payments,
            payouts=self.payouts_table,
            clock=self.clock,
        )

    @part
    def recent_payments(self) -> "RecentPayments":
        from chalicelib.payouts.store.recent_payments import RecentPayments

        return RecentPayments(self._dynamodb, self.controls_table)

    @part
    def second_payments(self) -> "SecondPayments":
        from chalicelib.payouts.second_payment import SecondPayments

        return SecondPayments(
            payouts=self.payouts_table,
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            recorder=self._recorder,
            clock=self.clock,
            policy=self.settings.policy,
        )

    @part
    def account_owners(self) -> "AccountOwners":
        from chalicelib.customers.account_owners import AccountOwners

        return AccountOwners(self._dynamodb, self.settings.dynamodb_table_customers)

    @part
    def destination_approvals(self) -> "DestinationApprovals":
        from chalicelib.customers.approve_destinations import DestinationApprovals

        return DestinationApprovals(
            customers=self.customers_table,
            opener=self.opener,
            owners=self.account_owners,
            fingerprints=lambda: self.account_fingerprints,
            clock=self.clock,
            cap_cents=self.settings.approval.cap_cents,
        )

    @part
    def approvals(self) -> "ApprovalService":
        from chalicelib.payouts.approve_payout import ApprovalService

        return ApprovalService(
            payouts=self.payouts_table,
            acceptance=self.acceptance,
            destinations=self.destination_approvals,
            rules=self.settings.approval,
            together=self.together,
            opener=self.opener,
            fingerprints=lambda: self.account_fingerprints,
            recorder=self._recorder,
            queue=self._payout_queue,
            clock=self.clock,
        )

    @part
    def adoptions(self) -> "AdoptionService":
        from chalicelib.payouts.adopt_payout import AdoptionService

        return AdoptionService(
            payouts=self.payouts_table,
            seals=self.payout_seals,
            recorder=self._recorder,
            clock=self.clock,
        )

    @part
    def administration(self) -> "AdministrationService":
        from chalicelib.payouts.administer_payout import AdministrationService

        return AdministrationService(
            payouts=self.payouts_table,
            together=self.together,
            opener=self.opener,
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            recorder=self._recorder,
            clock=self.clock,
            policy=self.settings.policy,
            second_calls=self._second_calls,
        )

    @part
    def payout_lists(self) -> "PayoutLists":
        from chalicelib.payouts.list_payouts import PayoutLists

        return PayoutLists(self.payouts_table, self.clock)

    @part
    def account(self) -> "AccountService":
        from chalicelib.monoova.show_account import AccountService

        return AccountService(self.monoova, self.gatekeeper, self.settings.monoova_maccount_token)

    @part
    def available_funds(self) -> "AvailableFunds":
        from chalicelib.monoova.available_funds import AvailableFunds

        token = self.settings.monoova_maccount_token
        return AvailableFunds(lambda: self.monoova, self.gatekeeper, self.clock, token)

    @part
    def validation(self) -> "ValidationService":
        from chalicelib.payouts.validate_payout import ValidationService

        return ValidationService(
            together=self.together,
            opener=self.opener,
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            account=self.account,
            source=self.source,
            limit_cents=self.settings.payout_limit_cents,
            approval=self.settings.approval,
            acceptance=self.acceptance,
            duplicates=self._duplicates,
            fingerprints=lambda: self.account_fingerprints,
            new_id=self._new_id,
            requires_verified=self.settings.requires_verified_destination,
            check_branch=self._check_branch,
        )

    @part
    def webhooks(self) -> "WebhookService":
        from chalicelib.core.queues import Queue
        from chalicelib.webhooks.queued_notices import QueuedNotices
        from chalicelib.webhooks.receive_webhook import WebhookService
        from chalicelib.webhooks.signature import SignatureVerifier

        return WebhookService(
            payouts=self.payouts_table,
            recorder=self._recorder,
            verifier=SignatureVerifier(self.monoova.public_key, self.clock),
            signed_events=self.signed_events,
            queued=QueuedNotices(lambda: self.credentials.current().api_key),
            webhook_queue=Queue(self._sqs, self.settings.webhook_queue_url),
            clock=self.clock,
            secrets=self._webhook_secrets,
            requires_signature=self.settings.requires_webhook_signature,
            funding=lambda: self._funding,
        )

    @part
    def signed_events(self) -> "SignedEvents":
        from chalicelib.webhooks.signed_events import SignedEvents

        return SignedEvents(self._dynamodb, self.settings.dynamodb_table_controls, self.clock)

    @part
    def dead_letters(self) -> "DeadLetterService":
        from chalicelib.core.queues import Queue
        from chalicelib.webhooks.dead_letter_queue import DeadLetterQueue
        from chalicelib.webhooks.manage_dead_letters import DeadLetterService

        if not self.settings.dead_letter_queue_url:
            raise SettingsError(["PARKED_QUEUE_URL: missing"])
        return DeadLetterService(
            dead_letters=DeadLetterQueue(self._sqs, self.settings.dead_letter_queue_url),
            payout_queue=self._payout_queue,
            webhook_queue=Queue(self._sqs, self.settings.webhook_queue_url),
        )

    def _webhook_secrets(self) -> "tuple[Secret, ...]":
        from chalicelib.core.secrets import SecretUnavailableError

        found = self.settings.webhook_secrets or self.credentials.current().webhook_secrets
        if not found:
            raise SecretUnavailableError("Monoova's secret has no webhookSecret.")
        return found

    @part
    def dispatcher(self) -> "Dispatcher":
        from chalicelib.payouts.sending.dispatch_payout import Dispatcher

        return Dispatcher(
            payouts=self.payouts_table,
            together=self.together,
            vault=self.vault,
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            sender=self._sender,
            recorder=self._recorder,
            clock=self.clock,
            policy=self.settings.policy,
            second_calls=self._second_calls,
            new_id=self._new_id,
            stopped_by=self._batch_stopped_by,
            funds=self.available_funds,
            seals=self.payout_seals,
            second_payments=lambda: self.second_payments,
            approves_destinations=self.settings.approval.new_destinations,
        )

    def _batch_stopped_by(self, batch_id: str) -> str | None:
        # Loaded only when it is called: most payouts belong to no batch.
        return self.open_batches.stopped_by(batch_id)

    @part
    def batch_upload(self) -> "BatchUpload":
        from chalicelib.batches.upload_batch import BatchUpload

        return BatchUpload(
            batches=self.batches_table,
            payees=self.payees,
            messages=self._batch_messages,
            clock=self.clock,
            limit_cents=self.settings.payout_limit_cents,
            new_id=self._new_id,
            requires_verified=self.settings.requires_verified_destination,
            digests=self._row_digests,
        )

    @part
    def _row_digests(self) -> "RowDigests":
        from chalicelib.batches.checking.digest_rows import RowDigests

        return RowDigests(lambda: self.account_fingerprints)

    @part
    def batch_retries(self) -> "BatchRetries":
        from chalicelib.batches.retrying.retry_batch import BatchRetries

        return BatchRetries(
            batches=self.batches_table,
            outlines=self.outlines,
            payees=self.payees,
            uploads=self.batch_upload,
            clock=self.clock,
            requires_verified=self.settings.requires_verified_destination,
        )

    @part
    def batches(self) -> "BatchService":
        from chalicelib.batches.decide_batch import BatchService

        return BatchService(
            batches=self.batches_table,
            progress=self._batch_progress,
            work=self.batch_work,
            messages=self._batch_messages,
            clock=self.clock,
            acceptance=self.acceptance,
            open_batches=self.open_batches,
            paid_since=self._paid_since,
            digests=self._row_digests,
        )

    @part
    def _paid_since(self) -> "PaidSince":
        from chalicelib.batches.checking.compare_batches import PaidSince

        return PaidSince(self.batches_table, self.payouts_table, self.clock)

    @part
    def batch_rows(self) -> "BatchRows":
        from chalicelib.batches.list_rows import BatchRows

        return BatchRows(self.batches_table, self.outlines, self.payees)

    @part
    def batch_work(self) -> "BatchWork":
        from chalicelib.batches.cancel_rows import RowCanceller
        from chalicelib.batches.checking.check_rows import RowChecker
        from chalicelib.batches.checking.compare_batches import BatchOverlap
        from chalicelib.batches.release_rows import RowReleaser
        from chalicelib.batches.retrying.clear_rows import RowClearing
        from chalicelib.batches.work_chunk import BatchWork

        return BatchWork(
            batches=self.batches_table,
            open_batches=self.open_batches,
            checker=RowChecker(
                self.payouts_table, self.payees, self.settings.approval.new_destinations
            ),
            releaser=RowReleaser(
                acceptance=self.acceptance,
                payees=self.payees,
                outlines=self.outlines,
                queue=self._payout_queue,
                clock=self.clock,
                approval=self.settings.approval,
                requires_verified=self.settings.requires_verified_destination,
                clearing=RowClearing(
                    self.payouts_table, lambda: self.second_payments, self._recorder, self.clock
                ),
            ),
            canceller=RowCanceller(self.payouts_table, self._recorder, self.clock),
            overlap=BatchOverlap(self.batches_table, self.open_batches),
            messages=self._batch_messages,
            clock=self.clock,
            available_funds=self.available_funds,
            digests=self._row_digests,
        )

    @part
    def batch_advancer(self) -> "BatchAdvancer":
        from chalicelib.batches.advance_batches import BatchAdvancer

        return BatchAdvancer(
            batches=self.batches_table,
            open_batches=self.open_batches,
            work=self.batch_work,
            progress=self._batch_progress,
            messages=self._batch_messages,
            clock=self.clock,
        )

    @part
    def _batch_messages(self) -> "BatchMessages":
        from chalicelib.batches.messages import BatchMessages

        return BatchMessages(self._payout_queue)

    @part
    def _batch_progress(self) -> "BatchProgress":
        from chalicelib.batches.count_progress import BatchProgress

        return BatchProgress(self.batches_table, self.outlines, self.clock)

    @part
    def queued_payouts(self) -> "QueuedPayouts":
        from chalicelib.payouts.sending.announce_queued import QueuedPayouts

        return QueuedPayouts(
            payouts=self.payouts_table,
            gatekeeper=self.gatekeeper,
            queue=self._payout_queue,
            clock=self.clock,
        )

    @part
    def reconciler(self) -> "Reconciler":
        from chalicelib.payouts.sending.reconcile_due import Reconciler

        return Reconciler(
            payouts=self.payouts_table,
            together=self.together,
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            dispatcher=self.dispatcher,
            queue=self._payout_queue,
            clock=self.clock,
            policy=self.settings.policy,
            funds=self.available_funds,
            second_calls=self._second_calls,
            balance_watch=self._balance_watch(),
            hourly_watch=self._watch_hourly,
            ask_balance=self._ask_balance,
            opener=lambda: self.opener,
            open_batch_ids=self.open_batches.ids,
            advance_batches=self._advance_batches,
        )

    def _advance_batches(self, batch_ids: tuple[str, ...], time_left: "TimeLeft") -> None:
        self.batch_advancer.advance(batch_ids, time_left)

    def _watch_hourly(self, now: "datetime") -> None:
        # Loaded only in the first minute of an hour.
        if now.minute:
            return
        from datetime import timedelta

        from chalicelib.reports.watch_mornings import HourlyWatch

        HourlyWatch(
            payouts=self.payouts_table,
            mornings=self._daily_report_store,
            waiting_batches=self._batches_awaiting_approval,
            approval_wait=timedelta(hours=self.settings.approval_wait_hours),
        ).look(now)

    def _batches_awaiting_approval(self, since: "datetime") -> int:
        from chalicelib.batches.store.waiting_rows import count_awaiting_approval

        return count_awaiting_approval(self.batches_table, self.open_batches, since)

    def _ask_balance(self) -> "Account":
        # Made only when it is called: hardly any run asks.
        return self.account.asked_balance()

    def _balance_watch(self) -> "BalanceWatch | None":
        if self.settings.low_balance_cents is None:
            return None
        from chalicelib.monoova.watch_balance import BalanceWatch

        return BalanceWatch(self.account, self.settings.low_balance_cents)

    @part
    def daily_reports(self) -> "DailyReports":
        from chalicelib.reports.make_daily_report import DailyReports
        from chalicelib.reports.monoova_reports import MonoovaReports

        return DailyReports(
            day_payouts=self._checked_day_payouts,
            store=self._daily_report_store,
            reports=MonoovaReports(self.monoova),
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            clock=self.clock,
            maccount_token=self.settings.monoova_maccount_token,
            payouts=self.payouts_table,
            recorder=self._recorder,
        )

    @part
    def returns(self) -> "Returns":
        from chalicelib.reports.find_returns import Returns
        from chalicelib.reports.monoova_reports import MonoovaReports

        return Returns(
            payouts=self.payouts_table,
            recorder=self._recorder,
            reports=MonoovaReports(self.monoova),
            monoova=self.monoova,
            gatekeeper=self.gatekeeper,
            controls=self.controls_table,
            clock=self.clock,
            maccount_token=self.settings.monoova_maccount_token,
        )

    @part
    def figures_of_days(self) -> "FiguresOfDays":
        from chalicelib.reports.count_days import FiguresOfDays

        return FiguresOfDays(self._day_payouts, self._daily_report_store, self.clock)

    @part
    def funds(self) -> "Funds":
        from chalicelib.reports.list_funding import Funds

        return Funds(self._funding)


class _Wired:
    """Holds the container of this process; a test puts its own in."""

    def __init__(self) -> None:
        self._container: Container | None = None

    def get(self) -> Container:
        if self._container is None:
            self._container = Container()
        return self._container

    def put(self, container: Container | None) -> None:
        self._container = container


wired = _Wired()
