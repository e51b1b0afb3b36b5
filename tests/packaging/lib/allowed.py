"""What a policy of SELinux allows: sesearch(1) reads the whole policy for each question, this once for many.

allowed.py POLICY DOMAIN... reads lines "DOMAIN TYPE CLASS PERMISSION" and answers each with the rules that stand behind
no boolean, and a line with a dot.
"""

import sys

import setools


def types(name):
    """An attribute's types; a type's own and its aliases' are the same object."""
    return frozenset(name.expand())


def rules_of(policy, domains):
    """The rules for these domains, by class: (sources, targets, rule)."""
    found = {}
    for rule in policy.terules():
        if rule.ruletype != setools.TERuletype.allow or not domains & types(rule.source):
            continue
        try:
            rule.conditional
        except setools.exception.RuleNotConditional:
            found.setdefault(str(rule.tclass), []).append((types(rule.source), types(rule.target), rule))
    return found


def main():
    policy = setools.SELinuxPolicy(sys.argv[1])
    domains = {policy.lookup_type(name) for name in sys.argv[2:]}
    rules = rules_of(policy, domains)
    for line in sys.stdin:
        source, target, tclass, permission = line.split()
        for sources, targets, rule in rules.get(tclass, []):
            if policy.lookup_type(source) in sources and policy.lookup_type(target) in targets and permission in rule.perms:
                print(rule)
        print(".", flush=True)


if __name__ == "__main__":
    main()
