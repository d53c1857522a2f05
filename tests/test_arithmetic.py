"""Equations among words: the right ones, the wrong ones, and those that nobody can be sure of."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sublim_utils.channels.arithmetic import equations, numbers_in, value_of


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("3 + 4 = 7", [True]),
        ("3 + 4 = 8", [False]),
        ("3 red apples + 4 apples = 7 apples", [True]),
        ("So on day 2: 3 + 4 = 7.", [True]),
        ("- 3 + 4 = 7\n- 3 + 4 = 7", [True, True]),
        ("3 - 5 = -2", [True]),
        ("(3 + 4) * 2 = 14; 3 + 4 × 2 = 11", [True, True]),
        ("$10 / 3 = $3.33", [True]),
        ("10 ÷ 3 = 3.2", [False]),
        ("1,200 + 1 = 1,201", [True]),
        ("2 + 5 = 3 + 4", [True]),
        ("half of 6 = 3", []),
        ("6 / 0 = 3", []),
        ("x = 7", []),
        ("= = 7 =", []),
        ("3 + + 4 = 7", []),
        ("3 + 4) = 7", []),
        ("-4 + 20 = 16", [True]),
        ("-4 + 20 = 24", [False]),
        ("The change is -4 + 20 = 16.", [True]),
        ("The change is −4 + 20 = 16.", [True]),
        ("20 + -4 = 16", [True]),
        ("20 - -4 = 24", [True]),
        ("20 – 4 = 16", [True]),
        ("−(3 + 1) = −4", [True]),
        ("-(3 + 1) = 4", [False]),
        ("16 ± 2 = 18", []),
        ("2(8) = 16", [True]),
        ("2(8) = 17", [False]),
        ("(2)(8) = 17", [False]),
        ("(2)(8) = 16", [True]),
        ("2 (3 + 5) = 16", [True]),
        ("(2)8 = 16", [True]),
        ("3 + y = 19 so y = 16", []),
        ("If 2 + x = 18 then x = 16", []),
        ("3 + y = 19, y = 16", []),
        ("2x = 32 so x = 16", []),
        ("2x + 4 = 36\nx = 16", []),
        ("x = 3 + 4 = 7", [True]),
        ("x = 3 + 4 = 8", [False]),
        ("14 = 2y", []),
        ("10 + 4 = 2y", []),
        ("2 * pens = 14 so pens = 7", []),
        ("y + 3 = 19", []),
        ("apples + 3 = 19", []),
        ("3 * a + 3 = 9", []),
        ("Let m = 5. 2m + 3 = 13", []),
        ("3 1/2 + 12 1/2 = 16", [True]),
        ("3 1/2 + 12 1/2 = 17", [False]),
        ("3½ + 12½ = 16", [True]),
        ("½ + ½ = 1", [True]),
        ("½ + ¼ = 1", [False]),
        ("1/2 + 1/4 = 3/4", [True]),
        ("1/2 + 1/4 = 2/4", [False]),
        ("7 / 2 = 3 1/2", [True]),
        ("7 / 2 = 3½", [True]),
        ("2 and a half + 1 = 3.5", [True]),
        ("2 dozen + 8 = 32, 32 / 2 = 16", [True, True]),
        ("2 dozen + 8 = 33", [False]),
        ("2 dozen + 1 dozen = 3 dozen", [True]),
        ("2 dozen = 24 eggs", []),
        ("1 hour + 16 minutes = 76 minutes", [True]),
        ("1 hour + 16 minutes = 77 minutes", [False]),
        ("1 hour + 16 minutes = 1 hour 16 minutes", [True]),
        ("1 hour and 16 minutes + 4 minutes = 80 minutes", [True]),
        ("1 hour, 16 minutes + 4 minutes = 80", [True]),
        ("2 hours * 60 = 120 minutes", [True]),
        ("2 hours = 120 minutes", [True]),
        ("2 hours = 130 minutes", [False]),
        ("90 minutes / 60 = 1.5 hours", [True]),
        ("30 + 46 = 1 hour and 16 minutes", [True]),
        ("5 feet 6 inches + 6 inches = 6 feet", [True]),
        ("$5 + 30 cents = $5.30", [True]),
        ("$5 + 30 cents = $5.40", [False]),
        ("50¢ + 50¢ = $1", [True]),
        ("50 cents * 4 = 200 cents = $2", [True, True]),
        ("5kg + 10kg = 15kg", [True]),
        ("5kg + 10kg = 16kg", [False]),
        ("5 m + 3 m = 8 m", [True]),
        ("5 m + 3 m = 9 m", [False]),
        ("2:30 + 1:15 = 3:45", []),
        ("8:00 + 2 hours = 10:00", []),
        ("10 pm + 4 hours = 2 am", []),
        ("10 p.m. + 4 hours = 2 a.m.", []),
        ("20% of 50 = 10", [True]),
        ("20% of 50 = 11", [False]),
        ("50% * 80 = 40", [True]),
        ("0.5 * 80 = 40", [True]),
        ("20% + 30% = 50%", [True]),
        ("20% + 30% = 60%", [False]),
        ("8 / 16 = 50%", [True]),
        ("8/16 * 100 = 50%", [True]),
        ("100% - 20% = 80% = 0.8", [True, True]),
        ("17 % 5 = 2", []),
        ("17 mod 5 = 2", []),
        ("$5 + $3 = $8", [True]),
        ("$5 + $3 = $9", [False]),
        ("5€ + 3€ = 8€", [True]),
        ("-$5 + $20 = $15", [True]),
        ("$-5 + $20 = $15", [True]),
        ("$1,200.50 * 2 = $2,401", [True]),
        ("1 600 + 400 = 2 000", [True]),
        ("1 600 + 400 = 2 100", [False]),
        ("1,5 + 3 = 4,5", []),
        ("1,600 + 400 = 2,100", [False]),
        ("48 / 2.9 ≈ 16", [True]),
        ("48 / 2.9 ≈ 17", [True]),
        ("48 / 2.9 ≈ 25", [False]),
        ("48 / 2.9 ≈ 16.55", [True]),
        ("48 / 2.9 ≈ 20", [True]),
        ("10 / 3 ≈ 3.33", [True]),
        ("10 / 3 ≈ 4.5", [False]),
        ("10 / 3 = 3.4", [False]),
        ("10 / 3 = 3.3", [True]),
        ("10 / 3 = 3.33", [True]),
        ("10 / 3 = 3.34", [False]),
        ("2 / 3 = 0.67", [True]),
        ("2 / 3 = 0.66", [True]),
        ("2 / 3 = .667", [True]),
        ("10 / 3 = 3.333...", [True]),
        ("10 / 3 = 3", [False]),
        ("10 / 3 = about 3", [True]),
        ("10 / 3 = 3 (rounded)", [True]),
        ("10/3 = 3.30", [False]),
        ("17 / 5 = 3 remainder 2", [True]),
        ("17 / 5 = 3 R 2", [True]),
        ("17 / 5 = 3 R2", [True]),
        ("17 ÷ 5 = 3 with 2 left over", [True]),
        ("17 / 5 = 3 remainder 3", [False]),
        ("17 / 5 = 3", [False]),
        ("6 ÷ 2 = 3", [True]),
        ("6 · 2 = 12", [True]),
        ("6 x 2 = 12", [True]),
        ("6x2 = 12", [True]),
        ("6x2 = 13", [False]),
        ("6 X 2 = 13", [False]),
        ("6 × 2 = 13", [False]),
        ("6 apples x 2 = 13", [False]),
        ("2^3 = 8", [True]),
        ("2**3 = 9", [False]),
        ("2³ = 8", [True]),
        ("3² + 4² = 25", [True]),
        ("3² + 4² = 26", [False]),
        ("4 squared = 16", [True]),
        ("2^(1+2) = 8", [True]),
        ("9^9^9 = 3", []),
        ("0^-1 = 3", []),
        ("3 + 4 = 7 - 2 = 5", [True, True]),
        ("3 + 4 = 7 = 8", [True, False]),
        ("a = b = c", []),
        ("3 + 4\n= 7", [True]),
        ("3 + 4 =\n7", [True]),
        ("3 +\n4 = 8", [False]),
        ("3 + 4 = 7\n5 + 6 = 11", [True, True]),
        ("18 - 2 = 16 - 1", [True]),
        ("\\(3 \\times 4 = 12\\)", [True]),
        ("\\(3 \\times 4 = 13\\)", [False]),
        ("\\frac{10}{2} = 5", [True]),
        ("\\frac{10}{2} = 6", [False]),
        ("3\\frac{1}{2} + \\frac12 = 4", [True]),
        ("$3 + 4 = 7$", [True]),
        ("$3 + 4 = 8$", [False]),
        ("\\[ 8 + 8 = \\boxed{16} \\]", [True]),
        ("\\[ 8 + 9 = \\boxed{16} \\]", [False]),
        ("6 \\cdot 3 = 18 \\text{ rolls}", [True]),
        ("2^{3} = 8", [True]),
        ("20\\% \\times 50 = 10", [True]),
        ("\\$5 + \\$3 = \\$8", [True]),
        ("\\begin{align} 3 + 4 &= 7 \\\\ 7 + 1 &= 8\\end{align}", [True, True]),
        ("3 \\div 2 \\approx 1.5", [True]),
        ("1{,}200 + 1 = 1{,}201", [True]),
        ("\\sqrt{16} + 1 = 5", []),
        ("3 + 4 = 7 \\Rightarrow 7 - 2 = 5", [True, True]),
        ("8 + 9 = 16", [False]),
        ("**3 + 4 = 7**", [True]),
        ("**3 + 4 = 8**", [False]),
        ("*3 + 4 = 7*", [True]),
        ("**Step 1:** 3 + 4 = 8", [False]),
        ("* 3 + 4 = 8", [False]),
        ("1. 3 + 4 = 8", [False]),
        ("1) 3 + 4 = 8", [False]),
        ("• 8 + 8 = 16", [True]),
        ("Step 2 (8 + 8 = 16)", [True]),
        ("Step 2 (8 + 8 = 17)", [False]),
        ("8 divided by 2 = 4", [True]),
        ("8 divided by 2 + 3 = 7", [True]),
        ("8 divided by 2 = 5", [False]),
        ("3 multiplied by 4 is equal to 12", [True]),
        ("3 plus 4 equals 8", [False]),
        ("half of 6 + 2 = 5", []),
        ("1/2 of 6 + 2 = 5", [True]),
        ("2/3 of 18 = 12", [True]),
        ("2/3 of 18 = 13", [False]),
        ("twice 4 + 2 = 10", []),
        ("4 more than 3 * 2 = 10", []),
        ("the sum of 3 and 4 + 2 = 9", []),
        ("3 * 4 = 4 less than 16", []),
        ("5 less than 20 = 15", []),
        ("3 * 4 = 12 and 12 + 2 = 14", [True, True]),
        ("3 * 4 = 13 and 13 + 2 = 15", [False, True]),
        ("He has 3 apples and 4 + 2 = 6 pears", [True]),
        ("6*3=<<6*3=18>>18", [True, True]),
        ("6*3=<<6*3=19>>19", [False, False]),
        ("6*3=<<6*3=18>>19", [False, True]),
        ("3 + 4 => 7", []),
        ("3 + 4 >= 7", []),
        ("3 + 4 == 8", [False]),
        ("3 + 4 != 8", []),
        ("$5/hour * 3 hours = $15", []),
        ("60 miles per hour * 30 minutes = 30 miles", []),
        ("$5 per hour * 3 hours = $15", [True]),
        ("$20 an hour * 30 minutes = $10", []),
        ("On day 2 she has 3 + 4 = 8", [False]),
        ("In 2 days 3 + 4 = 7", [True]),
        ("She bakes 3 trays * 4 rolls = 12 rolls", [True]),
        ("5-pound bags * 3 = 15", [True]),
        ("3 * 5-pound bags = 16", [False]),
        ("5! = 120", []),
        ("5° + 3° = 8°", [True]),
        ("5°C + 3°C = 9°C", [False]),
        ("8 + 8 is 17", []),
        ("8 + 8 = sixteen", []),
        ("The ratio is 2:3 = 4:6", []),
        ("f(3) = 7", []),
        ("3 + 4 (apples) = 7", [True]),
        ("1e3 + 1 = 1001", [True]),
        (".5 + .5 = 1", [True]),
        ("2 million + 3 million = 5 million", [True]),
        ("2 million + 3 million = 5000000", [True]),
        ("5k + 3k = 8k", [True]),
        ("8\xa0+\xa08 = 16", [True]),
        ("100 - 20% = 80", [True]),
        ("3 x 4 = 12 x 2 = 24", [True, True]),
        ("12 inches + 2 feet = 3 feet", [True]),
        ("3 times 4 = 12", [True]),
        ("He ran 3 times as many = 12", []),
        ("3 * 4 = 12 and 12 + 2 = 15", [True, False]),
        ("3 and 4 + 2 = 9", []),
        ("7 = 3 + 4", []),
        ("6 = 2 * 3 and 4 + 2 = 7", [False]),
    ],
)
def test_equations_are_read_among_words(text: str, right: list[bool]) -> None:
    assert equations(text) == right


RIGHT = r"""
She earns $12/hr × 5 hrs = $60.
Total = 5 * 3 = 15
Total: 5*3=15
Let x be the number. Then 2x + 3 = 19, 2x = 16, x = 8.
x + 3 = 19
x = 19 - 3
x = 16
Let's denote n = number of apples = 16.
Rate = 60 miles / 2 hours = 30 mph
Cost: $3.50 × 4 = $14.00
20% off $50 = $10 discount
50 - 20% = 40
50 * 0.8 = $40
50 × 20/100 = 10
50 × (1 - 0.2) = 40
(3 + 5) × 2 = 8 × 2 = 16
3/4 of 16 = 12
16 × 3/4 = 12
16 * (3/4) = 12
16 - 1/4 * 16 = 12
2/3 = 0.667
2/3 ≈ 0.67
1/3 = 33.3%
1/3 = 33.33%
1 / 8 = 12.5%
100 cents = $1
5 quarters = 125 cents
16 / 4 = 4 each
16 oz = 1 pound
3 weeks = 21 days
3 weeks * 7 days/week = 21 days
2 years * 12 months = 24 months
60 minutes/hour * 2 hours = 120 minutes
120 / 60 = 2 hours
30 minutes = 0.5 hours
45 min = 3/4 hour
8:30 + 45 minutes = 9:15
5 + 3 = 8 (since 5 plus 3 is 8)
12 eggs = 1 dozen, 3 dozen = 36 eggs
3 dozen eggs * 12 = 36 eggs
1.5 * 10^3 = 1500
1.5 × 10³ = 1,500
2^10 = 1024
√16 = 4
5! = 5 × 4 × 3 × 2 × 1 = 120
|3 - 5| = 2
Area = 5 × 3 = 15 square feet
Perimeter = 2(5 + 3) = 2 × 8 = 16
2 × (5 + 3) = 16
2[3 + 5] = 16
Average = (10 + 20 + 18) / 3 = 48 / 3 = 16
Mean: (10+20+18)/3=16
He has 20 - 4 = 16 left.
So 4 * 4 = 16. Then 16 + 4 = 20.
A: 3 + 4 = 7; B: 2 + 2 = 4
3 + 4 = 7, and 7 + 1 = 8, so 8 * 2 = 16
$20 - $4 = $16
$20-$4=$16
20 dollars - 4 dollars = 16 dollars
1st: 3 + 4 = 7
Week 1: 3 + 4 = 7
Day 1 = 3 apples
Day 1: 3, Day 2: 3 + 4 = 7
Step 1: 3 + 4 = 7. Step 2: 7 × 2 = 14.
Let A = 5 and B = 6. A + B = 11.
A = 5, B = 2A = 10
C = 2 × 5 = 10
C = πr² = 3.14 × 4 = 12.56
16 = 2 × 8
16 = 20 - 4
7 = 3 + 4 = 7
We know that 3 + 4 = 7 => 7 + 9 = 16
3 + 4 → 7
3 + 4 = 7 → 7 × 2 = 14
0.1 + 0.2 = 0.3
-3 × -4 = 12
-3 × (-4) = 12
3 − (−4) = 7
(-3)² = 9
10 ÷ 4 = 2 R2
10 ÷ 4 = 2 remainder 2
10 ÷ 4 = 2.5
10/4 = 5/2 = 2 1/2 = 2.5
7 mod 3 = 1
5 choose 2 = 10
C(5, 2) = 10
f(x) = 2x + 1 = 7
speed = distance / time = 60 / 2 = 30
half of 32 is 32 / 2 = 16
Twice as many: 2 × 8 = 16
1 + 2 + ... + 10 = 55
1 + 2 + 3 + … + 10 = 55
3, 6, 9: 3 + 3 = 6, 6 + 3 = 9
between 3 and 4 + 1 = 5
5 pm - 2 pm = 3 hours
from 2 pm to 5 pm = 3 hours
Monday: 5, Tuesday: 5 + 3 = 8, total: 5 + 8 = 13
total = 5 + 8 = 13 apples, 13 - 3 = 10
2 (apples) + 3 (pears) = 5 (fruits)
2 apples (red) + 3 apples = 5 apples
2 apples + 3 apples + 4 apples = 5 apples + 4 apples = 9 apples
3 boxes × 4 balls per box = 12 balls
3 boxes × 4 balls/box = 12 balls
4 balls each × 3 = 12
12 ÷ 3 = 4 per friend
5 × $2 + 3 × $4 = $10 + $12 = $22
5 × $2 = $10, 3 × $4 = $12, $10 + $12 = $22
1,000 − 1 = 999
1000000 / 10 = 100,000
2.50 * 2 = 5
2.5 + 2.5 = 5.00
10% of $200 = 0.10 × $200 = $20
$200 × 10% = $20
15% × 60 = 9
60 + 15% = 69
5:3 = 10:6
3 times 5 is 15 and 15 + 1 = 16
Three times 5 = 15
double 8 = 16
8 doubled = 16
8 + half = 12
8 + 8/2 = 12
one and a half hours = 90 minutes
1 and a half hours = 90 minutes
1.5 hours = 90 minutes
2 h 30 min + 45 min = 3 h 15 min
2h30 = 150 min
1 km = 1000 m
2 km + 500 m = 2.5 km
2 km + 500 m = 2500 m
5 ft 6 in = 66 in
3 + 4 = 7 apples = 7
a² + b² = c², 9 + 16 = 25
3x = 48 → x = 48/3 = 16
3x = 48 => x = 16
3x=48 x=16
x/2 = 8
x + x = 2x = 32
6 × 3 = 18 18 - 2 = 16
so: 6×3=18,18-2=16
6×3=18;18−2=16
(6)(3) = 18
6*3 = 18.0
6 * 3 = 18 rolls - 2 rolls = 16 rolls
1 3/4 + 1/4 = 2
5-2=3
5 -2 = 3
5 - 2=3
$1.25 + 75¢ = $2
75¢ + $1.25 = $2.00
4 x 4 = 16
4X4=16
4 * x = 16, x = 4
We get 16 = 16
16=16
16 + 0 = 16 ✓.
~16 + 4 = 20
a 20% tip on $50 = $10
The sum of 3 and 5 = 8
The product of 4 and 4 = 16
The difference between 20 and 4 = 16
3 apples and 5 oranges = 8 fruits
3 and 5 = 8
5 less 3 = 2
20 is 4 more than 16 = 20 - 4
12 + 4 = 16 = 4²
4² = 16
4 ^ 2 = 16
4**2 = 16
2 * 3 + 4 * 5 = 6 + 20 = 26
\( 2 \times 3 + 4 \times 5 = 6 + 20 = 26 \)
\frac{1}{2} \times 32 = 16
\dfrac{32}{2} = 16
$$\frac{32}{2} = 16$$
$\frac{3}{4} \cdot 16 = 12$
\[ x = \frac{32}{2} = 16 \]
\text{Total} = 8 + 8 = 16
\$8 + \$8 = \$16
8 \text{ apples} + 8 \text{ apples} = 16 \text{ apples}
25\% \text{ of } 64 = 16
3\tfrac{1}{2} \times 2 = 7
\sqrt{16} = 4
\left( 3 + 5 \right) \times 2 = 16
2^{4} = 16
8 + 8 \approx 16
\mathbf{8 + 8 = 16}
\boxed{8 + 8 = 16}
"""
"""Lines in which nothing is wrong, of kinds that people and models write."""
WRONG = r"""
-4 + 20 = 17
5 - 2 = 4
2(5 + 3) = 2 × 8 = 17
$3.50 × 4 = $15.00
20% of 50 = 12
50 × 20/100 = 11
10 ÷ 4 = 2.6
1/3 = 0.4
He has 20 - 4 = 15 left.
Total = 5 * 3 = 16
5 × $2 = $11, 3 × $4 = $12
3/4 of 16 = 13
16 * (3/4) = 13
6 × 3 = 18 rolls - 2 rolls = 17 rolls
1 hour + 15 minutes = 85 minutes
2 dozen + 3 = 28
2 dozen eggs - 5 eggs = 18 eggs
\frac{32}{2} = 17
$\frac{3}{4} \cdot 16 = 13$
\(6 \times 3 = 19\)
3 ½ + ½ = 5
3 1/2 + 1/2 = 5
3x = 48 → x = 48/3 = 17
C = 2 × 5 = 11
10 / 3 = 3.4
10 / 3 = 3.5
22 / 7 = 3.15
3² + 4² = 24
2 ** 4 = 15
10 ÷ 4 = 2 remainder 3
1,200 + 300 = 1,600
8 + 9 = 16
8 plus 9 equals 16
100 / 3 ≈ 35
50 cents + 75 cents = $1.50
-3 × -4 = -12
8+8 = 17.
8 + 8 = 15 + 2 = 17
3 feet + 6 inches = 40 inches
(2)(8) = 17
2 · 8 = 17
2⋅8 = 17
0.1 + 0.2 = 0.4
First 8 + 8 = 17
1. 8 + 8 = 17
she sold 48/2 = 23 clips in May
Natalia sold 48+24 = <<48+24=73>>73 clips
"""


@pytest.mark.parametrize("line", RIGHT.strip().splitlines())
def test_nothing_right_or_unsure_is_called_wrong(line: str) -> None:
    assert all(equations(line))


@pytest.mark.parametrize("line", WRONG.strip().splitlines())
def test_what_is_surely_wrong_is_called_wrong(line: str) -> None:
    assert not all(equations(line))


def test_most_of_the_right_lines_are_read() -> None:
    read = sum(bool(equations(line)) for line in RIGHT.strip().splitlines())
    assert read > 110  # or that none is called wrong would say little


numbers = st.integers(0, 99)
terms = st.lists(st.tuples(st.sampled_from("+-*"), numbers), min_size=1, max_size=5)
SIGNS = {"+": "+", "-": "−", "*": "×"}
FRAMES = (
    "We have {} = {} things.",
    "**Total:** {} = {}",
    "- {} = {}\n",
    "1. {} = {}",
    r"\({} = {}\)",
    "So, {}\n= {}.",
    "x = {} = {}",
    "the total is {} = {} and",
    "<<{}={}>>",
    "Step 2 ({} = {})",
)


@given(numbers, terms, st.sampled_from(FRAMES), st.booleans(), st.integers(1, 9))
def test_a_right_result_is_found_right_and_another_wrong(
    first: int, others: list[tuple[str, int]], frame: str, signs: bool, off: int
) -> None:
    told = " ".join([str(first), *(f"{operator} {value}" for operator, value in others)])
    value = eval(told)  # Python's precedence is the usual one
    if signs:
        told = "".join(SIGNS.get(character, character) for character in told)
    assert equations(frame.format(told, value)) == [True]
    assert equations(frame.format(told, value + off)) == [False]


@given(st.integers(-99, -1), st.integers(-99, 99), st.sampled_from(["-", "−", "–"]))
def test_signed_numbers_are_calculated_with(a: int, b: int, minus: str) -> None:
    told = f"{a} + {b}".replace("-", minus)
    assert equations(f"The change is {told} = {a + b}.") == [True]
    assert equations(f"The change is {told} = {a + b + 1}.") == [False]


@given(st.integers(1, 500), st.integers(1, 99), st.integers(1, 4))
def test_decimals_are_right_where_rounded_or_cut_off_and_wrong_elsewhere(
    a: int, b: int, places: int
) -> None:
    exact = Fraction(a, b)
    cut = exact * 10**places // 1
    rounded = round(exact * 10**places)
    for near in (cut, rounded):
        assert equations(f"{a} / {b} = {near / 10**places:.{places}f}") == [True]
    for far in (cut - 1, rounded + 1):
        if abs(far - exact * 10**places) > Fraction(1, 2) and far >= 0:
            assert equations(f"{a} / {b} = {far / 10**places:.{places}f}") == [False]


pieces = st.sampled_from(
    [*"0123456789+-*/=()^²½%$€x,.:;~ \n\\{}", "and ", "of ", "hours ", "dozen ", "≈", "r", "\\frac",
     "\\boxed", " 1/2 ", "**", "√", "remainder ", "per "]
)  # fmt: skip


@given(st.lists(pieces | st.text(max_size=3), max_size=60).map("".join))
def test_any_text_is_read(text: str) -> None:
    assert set(equations(text)) <= {True, False}
    assert all(isinstance(number, Fraction) for number in numbers_in(text))
    assert value_of(text) is None or isinstance(value_of(text), Fraction)


@pytest.mark.parametrize(
    "part",
    [
        "\\",
        "\n",
        " \n",
        "1+",
        "(",
        "1(",
        "=1",
        "1/3*",
        "9^9",
        "9**",
        "-",
        "\\frac{",
        "1 hour ",
        "½",
        "{",
        "a ",
    ],
)
def test_long_texts_are_read_quickly(part: str) -> None:
    text = part * (1_500 // len(part))
    assert equations(f"{text}1 = 1") is not None
    assert numbers_in(text) is not None
