"""A DMARC aggregate report (RFC 9990) as a large receiver would send it, about the mails of this demo."""
from __future__ import annotations

import time

OUR_HOST = "192.0.2.10"
SPOOFING_HOST = "203.0.113.66"
SPOOFED = 40  # mails that somebody else sent under Acme's name
DAY = 86_400

RECORD = """  <record>
    <row>
      <source_ip>{ip}</source_ip><count>{count}</count>
      <policy_evaluated><disposition>{disposition}</disposition><dkim>{result}</dkim><spf>{result}</spf></policy_evaluated>
    </row>
    <identifiers><header_from>{domain}</header_from><envelope_from>{envelope}</envelope_from></identifiers>
    <auth_results>
      <dkim><domain>{domain}</domain><selector>s1</selector><result>{result}</result></dkim>
      <spf><domain>{envelope}</domain><scope>mfrom</scope><result>{result}</result></spf>
    </auth_results>
  </record>
"""


def aggregate_report(domain: str, sent: int) -> bytes:
    """What `receiver.example` saw of `domain` today: `sent` mails from its own host, and some from another one."""
    begin = int(time.time()) // DAY * DAY
    rows = RECORD.format(ip=OUR_HOST, count=sent, disposition="none", result="pass", domain=domain, envelope=domain)
    rows += RECORD.format(ip=SPOOFING_HOST, count=SPOOFED, disposition="reject", result="fail", domain=domain,
                          envelope="bulk.example")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>receiver.example</org_name><email>dmarc@receiver.example</email><report_id>demo-{begin}</report_id>
    <date_range><begin>{begin}</begin><end>{begin + DAY - 1}</end></date_range>
  </report_metadata>
  <policy_published>
    <domain>{domain}</domain><p>reject</p><discovery_method>treewalk</discovery_method>
  </policy_published>
{rows}</feedback>
""".encode()
