"""Who asks, who decides? Intake, store, policy, API and review console; knows no torch."""
