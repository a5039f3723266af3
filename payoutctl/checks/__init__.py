"""What `payoutctl doctor` looks at: a module for each kind of thing, a finding for each thing."""
