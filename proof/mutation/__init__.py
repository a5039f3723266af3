"""Changes the rules in small ways, one at a time, and sees whether its tests notice.

    python -m proof.mutation                all rules, every mutant
    python -m proof.mutation gate money     all mutants of these modules
    python -m proof.mutation --sample 25    a fixed sample that has to be killed entirely

A line that tests run through may still be a line that they do not check. Here a test has to fail.
"""
