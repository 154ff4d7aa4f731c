"""Certificates of the installation's own authority (CloudStack's provider `root`): whose they are, which count no more.

What is issued is a row before anybody gets it. A host has a certificate once its agent said that it took it over, or
showed it on a connection; `known.py` has these in memory. CloudStack itself keeps no list of what it issued.
"""
