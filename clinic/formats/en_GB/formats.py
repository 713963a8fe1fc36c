"""A day is 14-Aug-1980, which no country reads differently; a time has 24 hours."""

DATE_FORMAT = "d-M-Y"
SHORT_DATE_FORMAT = "d-M-Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "d-M-Y H:i"
SHORT_DATETIME_FORMAT = "d-M-Y H:i"
YEAR_MONTH_FORMAT = "M Y"
MONTH_DAY_FORMAT = "d-M"
FIRST_DAY_OF_WEEK = 1
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","

# A browser's own date field sends the first of each; a person types the others.
DATE_INPUT_FORMATS = ["%Y-%m-%d", "%d-%b-%Y", "%d %b %Y", "%d/%m/%Y", "%d.%m.%Y"]
TIME_INPUT_FORMATS = ["%H:%M", "%H:%M:%S"]
DATETIME_INPUT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d-%b-%Y %H:%M", "%d/%m/%Y %H:%M"]
