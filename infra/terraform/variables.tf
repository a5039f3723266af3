# The parameters of the templates, in snake_case and with the same defaults; what is allowed stands
# there, and CloudFormation asks for it before it makes anything. The first four are the module's own.

# ------------------------------------------------------------------------------------- the module

variable "stage" {
  type        = string
  description = "The stage, such as prod: 2 to 20 lower-case letters, digits and dashes. It is part of every name."
}

variable "package_directory" {
  type        = string
  default     = null
  description = "Where template.yaml and functions.zip are. Null means build/package/<stage> of this repository, where `make package` leaves them."
}

variable "notification_arns" {
  type        = list(string)
  default     = []
  description = "SNS topics that get every event of the stacks."
}

variable "tags" {
  type        = map(string)
  default     = {}
  description = "For the stacks and all that is in them."
}

# ---------------------------------------------------------------------------- infra/template.yaml

variable "password_sign_in" {
  type        = string
  default     = "false"
  description = "\"true\" lets the command line sign in by sending the password (inside TLS) instead of proving it by SRP. The admin app does not need it."
}

variable "console_urls" {
  type        = string
  default     = ""
  description = "Addresses at which the console is opened, comma-separated and to the letter. Empty: no sign-in to the console."
}

variable "require_mfa" {
  type        = string
  default     = "false"
  description = "\"true\" asks for a code of an authenticator app at each sign-in."
}

variable "monoova_environment" {
  type        = string
  default     = "sandbox"
  description = "sandbox or live."
}

variable "monoova_base_url" {
  type        = string
  default     = "https://api.m-pay.com.au"
  description = "Sandbox https://api.m-pay.com.au, live https://api.mpay.com.au (one hyphen apart)."
}

variable "monoova_api_key" {
  type        = string
  sensitive   = true
  description = "Monoova's API key."
}

variable "monoova_webhook_secret" {
  type        = string
  sensitive   = true
  description = "What Monoova sends as `Authorization` with every webhook; ours to choose, 16 characters at the least. Several, comma-separated, while it is rotated."
}

variable "log_retention_days" {
  type        = number
  default     = 90
  description = "7, 14, 30, 60, 90, 180, 365, 400 or 731."
}

variable "manage_api_gateway_logging" {
  type        = string
  default     = "true"
  description = "API Gateway writes access logs with one role for the whole account and region. \"false\" where the account has set it already, or another stage of this product has."
}

# ---------------------------------------------- infra/app.yaml: the business's account at Monoova

variable "monoova_maccount_token" {
  type        = string
  description = "The mAccount, 16 digits."
}

variable "monoova_source_bsb" {
  type        = string
  description = "BSB of the Automatcher that payees see, as 802-985."
}

variable "monoova_source_account" {
  type        = string
  description = "Account number of the Automatcher that payees see."
}

variable "stage_class" {
  type        = string
  default     = ""
  description = "prod pays with real money, dev never does; empty: by the stage's name."
}

variable "monoova_source_bsb_field" {
  type        = string
  default     = ""
  description = "Monoova's name for the BSB: sourceBSB, sourceAccountBsb since July 2026, or both. Empty: sourceBSB, and refused where the money is real."
}

variable "monoova_webhook_signature" {
  type        = string
  default     = "optional"
  description = "optional or required: the latter refuses a webhook without a signature."
}

variable "monoova_duplicates" {
  type        = string
  default     = "asked"
  description = "Before a second call under one reference: asked asks Monoova whether it has it; refused does not, because Monoova refuses duplicates; booked never makes one, because Monoova may pay again."
}

variable "remitter_name" {
  type        = string
  description = "Who pays, on the payee's statement."
}

# ---------------------------------------------------------- infra/app.yaml: rules of the business

variable "payout_limit_aud" {
  type        = string
  default     = "1000"
  description = "The most that one payout may be, in AUD."
}

variable "bsb_check" {
  type        = string
  default     = "on"
  description = "Whether Monoova is asked about the BSB of each account that is added: on or off."
}

variable "require_verified_destination" {
  type        = string
  default     = "no"
  description = "Whether only verified destinations are paid: yes or no."
}

variable "approval_threshold_aud" {
  type        = string
  default     = ""
  description = "A person other than the requester approves a payout above this, in AUD. Empty: none needs it."
}

variable "destination_approval" {
  type        = string
  default     = "required"
  description = "required, or off: payouts to a destination wait until a person other than its author approved it."
}

variable "destination_cap_aud" {
  type        = string
  default     = ""
  description = "What an approval that names no cap opens a destination for, in AUD a day. Empty: no cap."
}

variable "approval_wait_hours" {
  type        = number
  default     = 24
  description = "What waits longer for an approver raises an alarm."
}

variable "limit_per_customer_aud_per_day" {
  type        = string
  default     = ""
  description = "The most that may be sent in a day to one customer, in AUD. Empty: no limit."
}

variable "limit_per_destination_aud_per_day" {
  type        = string
  default     = ""
  description = "The most that may be sent in a day to one account, in AUD. Empty: no limit."
}

variable "limit_per_maker_aud_per_day" {
  type        = string
  default     = ""
  description = "The most that may be sent in a day of what one person or role asked for, in AUD. Empty: no limit."
}

variable "limit_per_day_aud" {
  type        = string
  default     = ""
  description = "The most that may be sent in a day in total, in AUD. Empty: no limit."
}

variable "duplicate_window_hours" {
  type        = number
  default     = 24
  description = "For how long a second payment of an amount to an account under one reference has to be meant. 0: never."
}

variable "service_duplicate_window_hours" {
  type        = number
  default     = 0
  description = "The same for internal services."
}

variable "users_without_group" {
  type        = string
  default     = "nothing"
  description = "What people may do who are in no group of ours: nothing, look, or operate; the last is refused where the money is real."
}

variable "viewer_role_arns" {
  type        = string
  default     = ""
  description = "ARNs of the IAM roles that may only look, comma-separated, without blanks."
}

variable "operator_role_arns" {
  type        = string
  default     = ""
  description = "ARNs of the IAM roles that may pay, likewise. A role in none of the three lists may do nothing."
}

variable "approver_role_arns" {
  type        = string
  default     = ""
  description = "ARNs of the IAM roles that may approve, likewise."
}

variable "same_person" {
  type        = string
  default     = ""
  description = "Of who has a login and may use an IAM role: their sub=the role's ARN, comma-separated. They do not approve what they asked for by the other."
}

variable "approval_sign_in_minutes" {
  type        = number
  default     = 0
  description = "How old a sign-in may be that approves or rejects, in minutes. 0: any."
}

variable "console_idle_minutes" {
  type        = number
  default     = 0
  description = "After so many minutes unused the console signs out. 0: never."
}

variable "low_balance_aud" {
  type        = string
  default     = ""
  description = "Below this much in the mAccount, in AUD, an alarm tells of it. Empty: no alarm."
}

variable "payout_expiry_hours" {
  type        = number
  default     = 24
  description = "An unsent payout older than this is cancelled."
}

variable "first_look_seconds" {
  type        = number
  default     = 60
  description = "When Monoova is first asked about a payout."
}

variable "grace_seconds" {
  type        = number
  default     = 900
  description = "How long \"unknown reference\" proves nothing."
}

variable "max_resends" {
  type        = number
  default     = 3
  description = "How often a payout in doubt is sent again."
}

variable "review_after_hours" {
  type        = number
  default     = 24
  description = "An open payout older than this needs review."
}

# --------------------------------------------------------------------- infra/app.yaml: the API

variable "cors_allow_origin" {
  type        = string
  description = "The admin app's origin, such as https://admin.example.com."
}

variable "requests_per_second" {
  type        = number
  default     = 100
  description = "More are answered with 429."
}

variable "requests_in_a_burst" {
  type        = number
  default     = 200
  description = "How many may come at once."
}

variable "api_reserved_concurrency" {
  type        = number
  default     = 5
  description = "How many copies of the API's function may work at once, and are kept free for it; 0 reserves none, as a new account must, whose whole allowance is 10."
}

variable "sending_concurrency" {
  type        = number
  default     = 10
  description = "How many copies of the sending function read the queue at once; it paces a file of thousands."
}

variable "with_firewall" {
  type        = string
  default     = "false"
  description = "\"true\" puts a web application firewall before the API; from US$8 a month."
}

# ------------------------------------------------------------------------------- infra/watch.yaml

variable "api_name" {
  type        = string
  default     = ""
  description = "The name of the REST API in CloudWatch. Empty means monoova-payouts-<stage>."
}

variable "alert_email" {
  type        = string
  default     = ""
  description = "Who gets the alarms. They must confirm the subscription by the link in the first mail. Empty: none yet."
}

variable "api_p95_milliseconds" {
  type        = number
  default     = 3000
  description = "What the business is promised of the API, Monoova's time included."
}

variable "monoova_p95_milliseconds" {
  type        = number
  default     = 2000
  description = "Above this the API's own promise is in danger."
}

variable "oldest_open_payout_seconds" {
  type        = number
  default     = 1800
  description = "How old an open payout may be."
}

variable "queue_age_seconds" {
  type        = number
  default     = 1800
  description = "How old a message may be, 1200 at the least."
}

variable "refused_per_minute" {
  type        = number
  default     = 1
  description = "How many refused payouts make a bad minute. More for files of thousands."
}

variable "unresolved_per_minute" {
  type        = number
  default     = 1
  description = "How many payouts in doubt make a bad minute."
}

variable "quiet_hours" {
  type        = number
  default     = 2
  description = "So many hours one after the other, 2 at the least, with requests and without a success."
}

variable "with_key" {
  type        = string
  default     = "false"
  description = "\"true\" puts the alarms on their way and the trail's files under a key of our own; US$1 a month."
}

variable "with_budgets" {
  type        = string
  default     = "true"
  description = "\"true\" for one stage of each account."
}

variable "with_anomaly_detection" {
  type        = string
  default     = "true"
  description = "\"true\" for one stage of each account; AWS allows one monitor of services."
}

variable "with_trail" {
  type        = string
  default     = "true"
  description = "\"true\" for one stage of each account; only the first trail is free."
}
