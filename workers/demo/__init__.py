"""`heed up --demo`: a thread of a patients' forum goes in by the signed webhook, its verdicts come out."""
